"""A check that fails: what rests on the data keeps its last good values, the rest is new, readers see it whole."""

from __future__ import annotations

import importlib
from datetime import date

import polars as pl
import pytest

from tests.project import SALES_HEADER, Shop, csv, sales

BAD_SALE = ",c1,2024-03-05 10:00:00,France,1,99.00"
"""A sale without an invoice: `invoice_given` blocks it."""

TICKET = "T99,2024-03-05 09:30:00,high,3\n"
module = importlib.import_module("kpi_pipeline.pipeline.run")
THIS_WEEK = date(2024, 3, 4)


@pytest.fixture
def spoilt(ran: Shop) -> Shop:
    """A sale that its check blocks, and a ticket that is good."""
    ran.write("data/sales/second.csv", csv(SALES_HEADER, [BAD_SALE]))
    with (ran.root / "data/tickets.csv").open("a") as stream:
        stream.write(TICKET)
    return ran


def test_blocked_source_keeps_what_rests_on_it(spoilt: Shop) -> None:
    sold = spoilt.raw("sales")
    revenue, average, opened = (spoilt.values(f"weekly_{name}") for name in ("revenue", "average_sale", "tickets"))
    report = spoilt.run()
    assert report.status == "blocked"
    assert set(report.blocked) >= {"kpi/weekly_revenue", "kpi/weekly_average_sale"}
    assert "kpi/weekly_tickets" not in report.blocked
    assert spoilt.raw("sales") == sold
    assert (spoilt.values("weekly_revenue"), spoilt.values("weekly_average_sale")) == (revenue, average)
    assert spoilt.values("weekly_tickets") == opened | {THIS_WEEK: opened[THIS_WEEK] + 1}


def test_what_was_not_let_in_can_be_looked_at_until_the_next_run(spoilt: Shop) -> None:
    said = spoilt.kpi("run")
    assert (
        "raw/sales was not let in, nothing of it; until the next run the warehouse shows it as it was checked, "
        "as staging.sales"
    ) in " ".join(said.err.split())
    assert spoilt.look("SELECT customer, _source_file FROM staging.sales WHERE invoice IS NULL").rows() == [
        ("c1", "data/sales/second.csv")
    ]
    assert len(spoilt.raw("sales")) + 1 == spoilt.look("SELECT count(*) FROM staging.sales").item()


def test_blocked_run_publishes_a_whole_snapshot(spoilt: Shop) -> None:
    before = spoilt.ask("SELECT kpi, count(*) AS n FROM kpi_value GROUP BY 1 ORDER BY 1").rows()
    report = spoilt.run()
    assert spoilt.ask("SELECT run_id FROM snapshot").item() == report.run_id
    assert spoilt.ask("SELECT kpi, count(*) AS n FROM kpi_value GROUP BY 1 ORDER BY 1").rows() == before
    assert spoilt.ask("SELECT status FROM run WHERE run_id = (SELECT run_id FROM snapshot)").item() == "blocked"
    failed = spoilt.ask("SELECT asset, check_name, severity, failing_rows FROM check_result WHERE NOT passed").rows()
    assert failed == [("raw/sales", "invoice_given", "error", 1)]


def test_command_says_what_blocks_and_what_was_kept(spoilt: Shop) -> None:
    spoilt.kpi("run").refuses(
        3, "blocks: raw/sales  invoice_given", "1 of 61 rows fail", "weekly_average_sale", "weekly_revenue", "stays"
    )


def test_bad_file_is_tried_again_until_it_is_mended(spoilt: Shop) -> None:
    revenue = spoilt.values("weekly_revenue")
    assert [spoilt.run().status for _ in range(2)] == ["blocked", "blocked"]
    spoilt.write("data/sales/second.csv", csv(SALES_HEADER, ["I9999" + BAD_SALE]))
    report = spoilt.run()
    assert (report.status, dict(report.blocked)) == ("published", {})
    assert spoilt.values("weekly_revenue") == revenue | {THIS_WEEK: revenue[THIS_WEEK] + 99}
    assert spoilt.run().status == "unchanged"


def test_source_blocked_from_the_first_run_on_leaves_the_others_whole(shop: Shop) -> None:
    shop.write("data/sales/second.csv", csv(SALES_HEADER, [BAD_SALE]))
    said = shop.kpi("run")
    said.refuses(3, "raw/sales  invoice_given")
    assert shop.ask("SELECT DISTINCT kpi FROM kpi_value").to_series().to_list() == ["weekly_tickets"]
    assert len(shop.ask("SELECT kpi FROM kpi")) == 3


def test_blocked_model_keeps_its_kpis(ran: Shop) -> None:
    revenue, opened = ran.values("weekly_revenue"), ran.values("weekly_tickets")
    ran.write("data/sales/second.csv", csv(SALES_HEADER, sales([9], first_invoice=500, price=90000)))
    with (ran.root / "data/tickets.csv").open("a") as stream:
        stream.write(TICKET)
    report = ran.run()
    assert report.status == "blocked"
    assert "amount_plausible" in report.blocked["kpi/weekly_revenue"]
    assert ran.values("weekly_revenue") == revenue
    assert ran.values("weekly_tickets") == opened | {THIS_WEEK: opened[THIS_WEEK] + 1}
    (ran.root / "data/sales/second.csv").write_text(csv(SALES_HEADER, sales([9], first_invoice=500)))
    assert ran.run().status == "published"
    assert ran.values("weekly_revenue")[THIS_WEEK] == 2 * revenue[THIS_WEEK]


def test_kpi_table_that_fails_its_checks_is_not_shown(ran: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """No definition can make one fail, so a value is spoilt on its way to the check."""
    honest = module.judge

    def spoiling(*arguments):
        values = honest(*arguments)
        wrong = pl.col("kpi") == "weekly_average_sale"
        return values.with_columns(value=pl.when(wrong).then(pl.col("value") * 2).otherwise("value"))

    average, revenue = ran.values("weekly_average_sale"), ran.values("weekly_revenue")
    ran.write("data/sales/second.csv", csv(SALES_HEADER, sales([9], first_invoice=500)))
    monkeypatch.setattr(module, "judge", spoiling)
    report = ran.run()
    assert report.status == "blocked"
    assert list(report.blocked) == ["kpi/weekly_average_sale"]
    assert "value_is_its_ratio" in report.blocked["kpi/weekly_average_sale"]
    assert ran.values("weekly_average_sale") == average
    assert ran.values("weekly_revenue")[THIS_WEEK] == 2 * revenue[THIS_WEEK]
    monkeypatch.undo()
    monkeypatch.setenv("SHOP_MAIL", "a@b.c")
    assert ran.run().status == "published"
    assert ran.ask("SELECT count(*) FROM check_result WHERE NOT passed").item() == 0


def test_warning_blocks_nothing(ran: Shop) -> None:
    ran.write("data/sales/second.csv", csv(SALES_HEADER, ["I9999,c1,2024-03-05 10:00:00,France,1,-5.00"]))
    said = ran.kpi("run")
    assert said.code == 0
    assert "warning: raw/sales  price_not_negative" in said.err
    assert ran.ask("SELECT severity, passed FROM check_result WHERE check_name = 'price_not_negative'").row(0) == (
        "warn",
        False,
    )
