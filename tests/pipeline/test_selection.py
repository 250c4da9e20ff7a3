"""Some of it: what is selected is computed with all below it, and readers get a whole snapshot."""

from __future__ import annotations

import pytest

from kpi_pipeline.errors import QueryError
from tests.project import SALES_HEADER, Shop, csv, sales


def deliver(shop: Shop) -> None:
    """New sales, and a ticket more."""
    shop.write("data/sales/second.csv", csv(SALES_HEADER, sales([9], first_invoice=500)))
    with (shop.root / "data/tickets.csv").open("a") as stream:
        stream.write("T99,2024-03-05 09:30:00,high,3\n")


def test_one_kpi_leaves_the_others_as_they_were(ran: Shop) -> None:
    revenue, average, opened = (ran.values(f"weekly_{name}") for name in ("revenue", "average_sale", "tickets"))
    deliver(ran)
    report = ran.run(select=["weekly_tickets"])
    assert report.computed == {"weekly_tickets"}
    assert (ran.values("weekly_revenue"), ran.values("weekly_average_sale")) == (revenue, average)
    assert sum(ran.values("weekly_tickets").values()) == sum(opened.values()) + 1
    assert ran.run().status == "published"
    assert sum(ran.values("weekly_revenue").values()) > sum(revenue.values())


def test_selection_of_what_did_not_change_changes_no_table(ran: Shop) -> None:
    before = ran.hashes()
    assert ran.run(select=["weekly_tickets"], full=True).status == "published"
    assert ran.hashes() == before


def test_selection_keeps_the_calendar_of_all_periods(ran: Shop) -> None:
    """The two sources end years apart."""
    ran.write(
        "data/tickets.csv",
        "ticket,opened_at,priority,hours\nT1,2031-05-06 09:30:00,high,1\nT2,2031-05-20 09:30:00,low,1\n",
    )
    ran.run(now=None)
    before = ran.hashes()
    through = ran.ask("SELECT data_through FROM snapshot").item()
    ran.run(select=["weekly_revenue"], full=True, now=None)
    assert ran.hashes() == before
    assert ran.ask("SELECT data_through FROM snapshot").item() == through
    orphans = "SELECT count(*) FROM kpi_value ANTI JOIN calendar_period USING (grain, period_start)"
    assert ran.ask(orphans).item() == 0


@pytest.mark.parametrize(
    ("selected", "computed"),
    [
        ("goal:grow", {"weekly_revenue", "weekly_average_sale"}),
        ("team:desk", {"weekly_tickets"}),
        ("model:sale", {"weekly_revenue", "weekly_average_sale"}),
        ("source:tickets", {"weekly_tickets"}),
        ("metric:tickets", set()),
    ],
)
def test_what_a_name_selects(ran: Shop, selected: str, computed: set[str]) -> None:
    assert ran.run(select=[selected], full=True).computed == computed


def test_unknown_name_is_refused_before_anything_is_opened(shop: Shop) -> None:
    with pytest.raises(QueryError, match=r"weekly_ticket'\.\nHint: did you mean 'weekly_tickets'"):
        shop.run(select=["weekly_ticket"])
    assert not shop.warehouse.exists()


def test_removed_kpi_and_metric_leave_the_tables(ran: Shop) -> None:
    kpis = (ran.root / "definitions/kpis.yaml").read_text()
    ran.write("definitions/kpis.yaml", kpis[: kpis.index("  - name: weekly_tickets")])
    ran.edit(
        "definitions/metrics.yaml", "  - {name: tickets, type: simple, model: ticket, agg: count, unit: count}\n", ""
    )
    assert ran.run().status == "published"
    for table, column in (("kpi", "kpi"), ("kpi_value", "kpi"), ("kpi_indicator", "kpi"), ("metric_value", "metric")):
        assert ran.ask(f"SELECT count(*) FROM {table} WHERE {column} LIKE '%tickets'").item() == 0
    assert ran.ask("SELECT count(*) FROM check_result WHERE asset = 'kpi/weekly_tickets'").item() == 0
