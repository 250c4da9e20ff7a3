"""What was said of KPIs, when that changed, and why: through whole runs, broken ones too."""

from __future__ import annotations

import importlib
from datetime import datetime

import polars as pl
import pytest

from kpi_pipeline.errors import QueryError
from kpi_pipeline.store.differences import SAID
from tests.project import SALES_HEADER, Shop, csv, sales

module = importlib.import_module("kpi_pipeline.pipeline.run")

COLUMNS = ", ".join(SAID)
SINCE = """
    SELECT kpi, period_label, reason FROM kpi_value_history
    WHERE segment = 'all' AND is_complete AND recorded_at = (SELECT published_at FROM snapshot) ORDER BY ALL
"""


def said(shop: Shop) -> pl.DataFrame:
    return shop.ask(f"SELECT {COLUMNS} FROM kpi_value ORDER BY ALL")


def as_of(shop: Shop, moment: datetime) -> pl.DataFrame:
    return shop.ask(f"SELECT {COLUMNS} FROM kpi_as_of(TIMESTAMPTZ '{moment}') ORDER BY ALL")


def moment(shop: Shop) -> datetime:
    found: datetime = shop.ask("SELECT published_at FROM snapshot").item()
    return found


def reasons(shop: Shop) -> list[tuple[object, ...]]:
    return shop.ask(SINCE).rows()


def restated(shop: Shop) -> int:
    return int(shop.ask("SELECT values_restated FROM run JOIN snapshot USING (run_id)").item())


def late_file(shop: Shop, week: int = 3) -> None:
    shop.write(f"data/sales/late_{week}.csv", csv(SALES_HEADER, sales([week], first_invoice=500)))


def test_at_any_moment_since_the_first_run_it_is_known_what_was_said_and_why_it_changed(ran: Shop) -> None:
    copies = {moment(ran): said(ran)}

    def run(*select: str) -> list[tuple[object, ...]]:
        ran.run(select=select)
        copies[moment(ran)] = said(ran)
        return reasons(ran)

    late_file(ran)
    # A ticket was opened in week 2, not in week 1: one week lost it, the other one got it late.
    ran.edit("data/tickets.csv", "T0,2024-01-01", "T0,2024-01-09")
    assert run() == [
        ("weekly_average_sale", "2024-W04", "late_data"), ("weekly_revenue", "2024-W04", "late_data"),
        ("weekly_tickets", "2024-W01", "correction"), ("weekly_tickets", "2024-W02", "late_data"),
    ]  # fmt: skip
    assert restated(ran) == 4 + 3  # the countries of the revenue, too
    # Sales are loaded with one run, and the KPIs on them computed with the next; meanwhile a target table changes.
    late_file(ran, 5)
    ran.edit("data/targets.csv", "weekly_tickets,2024-01-01,,4", "weekly_tickets,2024-02-26,,3")
    assert run("sales", "weekly_tickets") == [
        ("weekly_tickets", f"2024-W0{week}", "target_changed") for week in range(1, 10)
    ]
    revenue = "    review: {every: week, last: 2024-03-04}\n    scorecards: [company]\n  - name: weekly_average_sale"
    ran.edit("definitions/kpis.yaml", revenue, f"    status: {{at_risk_within: 80%}}\n{revenue}")
    found = run()
    assert {one for one in found if one[2] == "late_data"} == {
        ("weekly_average_sale", "2024-W06", "late_data"), ("weekly_revenue", "2024-W06", "late_data"),
    }  # fmt: skip
    assert {(kpi, reason) for kpi, _, reason in found if reason != "late_data"} == {("weekly_revenue", "rule_changed")}
    ran.edit("definitions/models.yaml", "quantity * price AS amount", "2 * quantity * price AS amount")
    assert {reason for _, _, reason in run()} == {"definition_changed"}
    assert restated(ran) == 9 + 4 * 9
    ran.run(full=True)
    assert (reasons(ran), restated(ran)) == ([], 0)

    for then, copy in copies.items():
        assert as_of(ran, then).equals(copy), then


def test_who_wants_to_know_is_told_of_a_restatement_that_is_more_than_usual(ran: Shop) -> None:
    ran.edit("definitions/project.yaml", "  publish:\n", "  restatement: {warn_above: 40%}\n"
             "  notify: [{on: [restated, check_failed], to: {type: log}}]\n  publish:\n")  # fmt: skip
    ran.edit("definitions/kpis.yaml", "grain: week\n    target: {type: at_most", "grain: week\n"
             "    restatement: {warn_above: 60%}\n    target: {type: at_most")  # fmt: skip
    assert all(one.passed for one in ran.run().checks)
    lines: list[str] = []
    ran.load().notify(say=lines.append, wait=0)
    late_file(ran)
    ran.edit("data/tickets.csv", "T0,2024-01-01", "T0,2024-01-09")
    found = {one.asset: one for one in ran.run().checks if one.check_name == "restated"}
    assert {asset: (one.passed, one.severity) for asset, one in found.items()} == {
        "kpi/weekly_average_sale": (True, "warn"), "kpi/weekly_revenue": (False, "warn"),
        "kpi/weekly_tickets": (True, "warn"),
    }  # fmt: skip
    revenue, tickets = found["kpi/weekly_revenue"], found["kpi/weekly_tickets"]
    assert (
        "4 values of complete periods changed, 4 by more; most of all 2024-W04 from €482.00 to €964.00"
        in revenue.observed
    )
    assert tickets.observed.startswith(
        "2 values of complete periods changed, 0 by more; most of all 2024-W01 from 2 to 1"
    )
    ran.load().notify(say=lines.append, wait=0)
    assert len(lines) == 1
    assert "Weekly revenue was restated" in lines[0]
    assert [(one.check_name, one.passed) for one in ran.run().checks if one.asset == "kpi/weekly_revenue"].count(
        ("restated", False)
    ) == 1  # fmt: skip
    published = "SELECT asset FROM check_result WHERE check_name = 'restated' AND NOT passed"
    assert ran.ask(published).rows() == [("kpi/weekly_revenue",)]
    late_file(ran, 9)
    ran.run()
    assert ran.ask(published).rows() == []


def test_a_renamed_kpi_keeps_its_history(ran: Shop) -> None:
    before, then = said(ran), moment(ran)
    ran.edit("definitions/kpis.yaml", "name: weekly_tickets", "name: tickets_a_week\n    formerly: [weekly_tickets]")
    ran.write(
        "data/targets.csv", (ran.root / "data/targets.csv").read_text().replace("weekly_tickets", "tickets_a_week")
    )
    ran.run()
    assert (reasons(ran), restated(ran)) == ([], 0)
    under_new = before.with_columns(pl.col("kpi").replace("weekly_tickets", "tickets_a_week")).sort(
        *SAID, nulls_last=True
    )
    assert as_of(ran, then).sort(*SAID, nulls_last=True).equals(under_new)
    history = ran.load().history("tickets_a_week", period="2024-W01")
    assert history.select("published_as", "reason").rows() == [("weekly_tickets", "new")]
    with pytest.raises(QueryError, match="it is called 'tickets_a_week' now"):
        ran.load().history("weekly_tickets")


@pytest.mark.parametrize("step", ["_compute", "show"])
def test_a_run_that_is_cut_short_forgets_no_reason_and_says_nothing_twice(
    ran: Shop, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Cut short after the sources are in, and after the values are swapped in but before readers see them."""
    late_file(ran)

    def cut(*arguments: object, **options: object) -> None:
        raise RuntimeError("cut short")

    with monkeypatch.context() as patched:
        patched.setattr(module, step, cut)
        patched.setattr(module, "end_badly", lambda context, problem: None)
        with pytest.raises(RuntimeError, match="cut short"):
            ran.run()
    ran.run()
    told = ran.ask("""
        SELECT kpi, period_label, reason FROM kpi_value_history
        WHERE segment = 'all' AND reason NOT IN ('new') ORDER BY ALL
    """)
    assert told.rows() == [
        ("weekly_average_sale", "2024-W04", "late_data"),
        ("weekly_revenue", "2024-W04", "late_data"),
    ]
    assert as_of(ran, moment(ran)).equals(said(ran))


def test_two_publications_are_compared(ran: Shop) -> None:
    first = ran.ask("SELECT run_id FROM snapshot").item()
    with pytest.raises(QueryError, match="only one publication"):
        ran.load().diff()
    late_file(ran)
    ran.run()
    found = ran.load().diff()
    assert found.earlier.run_id == first
    changed = found.rows.filter(segment="all").sort("kpi")
    assert changed.select("kpi", "period_label", "change", "from_value", "to_value", "reasons").rows() == [
        ("weekly_average_sale", "2024-W04", "restated", 482 / 6, 964 / 12, "late_data"),
        ("weekly_revenue", "2024-W04", "restated", 482.0, 964.0, "late_data"),
    ]
    # NOTE: both runs began in the same second of the made clock, so only the whole id is sure to name one.
    assert ran.load().diff("latest", first).rows.equals(found.rows)
    assert ran.load().diff("latest", first[:-1]).rows.equals(found.rows)
    out = ran.kpi("diff", "--kpi", "weekly_revenue").out
    assert "4 restated" in out
    assert "rows came late" in out
    assert "+100.0 %" in out
    assert ran.kpi("diff", "--csv").out.count("\n") == found.rows.height + 1
    for asked, said in (
        ("2019-01-01", "Nothing was published by"),
        ("yesterday", "is no run, day or moment"),
        (first[:11], "2 runs begin with"),
    ):
        ran.kpi("diff", asked).refuses(2, said)
    shown = ran.kpi("history", "weekly_revenue").out
    assert "10 periods published, 1 restated" in shown
    assert "2024-W04" in shown
    ran.kpi("history", "weekly_revenue", "--segment", "country=Frnce").refuses(2, "country=France")
    ran.kpi("history", "weekly_revenue", "--period", "2031").refuses(2, "Nothing was said")
