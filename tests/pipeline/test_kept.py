"""Questions are answered from what runs kept, when it holds what is asked for and the rows are still those."""

from __future__ import annotations

import duckdb
import pytest

from tests.project import SALES_HEADER, Shop, csv, sales

KEPT = "a question is answered from partial results in partial."
ASKED = (
    ("--grain", "month"),
    ("--grain", "week", "--by", "country"),
    ("--by", "country", "--where", "country <> 'Spain'"),
    ("--grain", "day", "--from", "2024-01-10", "--to", "2024-02-03"),
)


def _forget_what_was_kept(shop: Shop) -> None:
    with duckdb.connect(str(shop.warehouse)) as writer:
        writer.execute("DELETE FROM state.reduction")


def _answers(shop: Shop) -> list[str]:
    metrics = ("revenue", "sales", "buyers", "average_sale")
    return [shop.kpi("query", *metrics, *asked, "--format", "csv").out for asked in ASKED]


def _way(shop: Shop, metric: str, *asked: str) -> str:
    """The line that says how sums are come by."""
    lines = shop.kpi("explain", metric, *asked).out.splitlines()
    return next(line.strip() for line in lines if "a question is answered" in line)


def _revenue(shop: Shop) -> float:
    value = shop.load().query(["revenue"]).item()
    assert isinstance(value, float)
    return value


def test_what_was_kept_gives_the_answers_that_rows_give(ran: Shop) -> None:
    assert KEPT in _way(ran, "revenue", "--by", "country")
    kept = _answers(ran)
    _forget_what_was_kept(ran)
    assert _way(ran, "revenue").endswith("by a scan of model.sale, because no run has kept partial results yet")
    assert _answers(ran) == kept


def test_a_question_reads_no_rows_where_sums_were_kept(ran: Shop) -> None:
    before = ran.load().query(["revenue"], grain="week", by=["country"])
    with duckdb.connect(str(ran.warehouse)) as writer:
        writer.execute("DELETE FROM raw.sales")
    assert ran.load().query(["revenue"], grain="week", by=["country"]).equals(before)


def test_a_question_leaves_nothing_behind(ran: Shop) -> None:
    kept = "SELECT table_name, estimated_size FROM duckdb_tables() WHERE schema_name = 'partial' ORDER BY 1"
    before = ran.look(kept), ran.look("SELECT * FROM state.reduction ORDER BY 1")
    _answers(ran)
    assert all(
        one.equals(other)
        for one, other in zip(
            (ran.look(kept), ran.look("SELECT * FROM state.reduction ORDER BY 1")), before, strict=True
        )
    )


def test_a_changed_model_is_scanned(ran: Shop) -> None:
    before = _revenue(ran)
    ran.edit("definitions/models.yaml", "quantity * price AS", "2 * quantity * price AS")
    assert "definitions of its model or its metrics changed" in _way(ran, "revenue")
    assert _revenue(ran) == 2 * before
    ran.run()
    assert KEPT in _way(ran, "revenue")
    assert _revenue(ran) == 2 * before


def test_a_new_metric_is_computed_from_rows_until_the_next_run(ran: Shop) -> None:
    ran.edit(
        "definitions/metrics.yaml",
        "agg: count, unit: count}",
        "agg: count, unit: count}\n  - {name: largest, type: simple, model: sale, agg: max, expr: amount}",
    )
    assert "by a scan of model.sale, because definitions of" in _way(ran, "largest")
    largest = ran.load().query(["largest"]).item()
    assert largest == ran.look("SELECT max(amount)::DOUBLE FROM model.sale").item()
    assert KEPT in _way(ran, "tickets"), "the other model's metrics are what they were"
    ran.run()
    assert KEPT in _way(ran, "largest")
    assert ran.load().query(["largest"]).item() == largest


def test_a_dimension_that_no_kpi_has_is_looked_at_in_the_rows(ran: Shop) -> None:
    assert "because runs keep nothing by 'priority'" in _way(ran, "tickets", "--by", "priority")
    assert "because runs keep nothing by 'priority'" in _way(ran, "tickets", "--where", "priority = 'high'")
    assert (
        ran.load().query(["tickets"], where="priority = 'high'").item()
        == ran.look("SELECT count(*)::DOUBLE FROM model.ticket WHERE priority = 'high'").item()
    )


def test_rows_that_a_blocked_model_has_are_those_a_question_sees(ran: Shop) -> None:
    """The run loads them and makes no partial results of them, because a check on the model fails."""
    ran.write("data/sales/second.csv", csv(SALES_HEADER, sales([3], first_invoice=500, price=1_000_000)))
    assert ran.run().status == "blocked"
    assert "because the rows of 'sales' changed since partial results were made" in _way(ran, "revenue")
    assert _revenue(ran) == pytest.approx(ran.look("SELECT sum(amount)::DOUBLE FROM model.sale").item())


def test_a_run_of_a_few_metrics_leaves_the_rest_to_the_rows(ran: Shop) -> None:
    before = ran.load().query(["revenue", "buyers"], grain="month")
    ran.write("data/sales/second.csv", csv(SALES_HEADER, sales([3], first_invoice=500)))
    ran.run(select=["buyers"])
    after = ran.load().query(["revenue", "buyers"], grain="month")
    assert not after.equals(before)
    _forget_what_was_kept(ran)
    assert ran.load().query(["revenue", "buyers"], grain="month").equals(after)


def test_what_is_kept_by_hour_answers_by_day(ran: Shop) -> None:
    ran.edit(
        "definitions/kpis.yaml",
        "  - name: weekly_tickets",
        "  - {name: hourly_tickets, metric: tickets, goal: calm, team: desk, owner: ana, direction: down, grain: hour,\n"
        "     breakdowns: [[], [priority]], target: {type: at_most, values: [{from: 2024-01-01, value: 3}]}, scorecards: [company]}\n"
        "  - name: weekly_tickets",
    )
    ran.run()
    assert "partial.ticket__opened_at__additive__hour" in _way(ran, "tickets", "--by", "priority", "--grain", "day")
    kept = ran.load().query(["tickets"], by=["priority"], grain="week")
    _forget_what_was_kept(ran)
    assert kept.equals(ran.load().query(["tickets"], by=["priority"], grain="week"))
