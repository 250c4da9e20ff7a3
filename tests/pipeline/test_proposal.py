"""What other definitions would change: foretold without touching anything, and as the next run then publishes it."""

from __future__ import annotations

import json
import shutil

import polars as pl
import pytest

from kpi_pipeline.errors import DataError
from kpi_pipeline.pipeline.impact import Impact
from kpi_pipeline.pipeline.values_compared import KEY, SAID
from tests.project import SALES_HEADER, Shop, csv, sales

BUYERS = """
  - name: monthly_buyers
    metric: faithful_buyers
    goal: grow
    team: commercial
    owner: ana
    direction: up
    grain: month
    breakdowns: [[], [country]]
    target: {type: at_least, values: [{from: 2024-01-01, value: 3}]}
    scorecards: [company]
"""
FAITHFUL = """
  - {name: faithful_buyers, type: simple, model: sale, agg: count_distinct, expr: customer, unit: count,
     filter: country <> 'Chile'}
"""

TICKETS = "  - {name: tickets, type: simple, model: ticket, agg: count, unit: count}\n"
VISITS = "  - {name: visits, type: simple, model: visit, agg: count, unit: count}\n"
VISIT = """\
  - name: visit
    sql: SELECT visit, seen_on FROM raw.visits
    materialized: table
    agg_time_dimension: seen_on
"""
VISITED = """\
  - name: visits
    connector: {type: file, path: data/visits.csv}
    load: {mode: full, cursor: seen_on}
"""
VISITS_A_WEEK = """\
  - name: weekly_visits
    metric: visits
    goal: calm
    team: desk
    owner: ana
    direction: up
    grain: week
    scorecards: [company]
"""


def proposal(shop: Shop) -> Shop:
    """The definitions in a folder of their own, without any data."""
    other = Shop(shop.root / "branch")
    shutil.copytree(shop.root / "definitions", other.root / "definitions")
    return other


def foretold(shop: Shop, other: Shop) -> Impact:
    """What the other definitions would change; asking for it changes nothing."""
    with shop.nothing_lost():
        return shop.load().diff_definitions(other.root / "definitions", wait=0)


def adopted(shop: Shop, other: Shop) -> None:
    """The other definitions are the shop's from now on, and it runs."""
    shutil.copytree(other.root / "definitions", shop.root / "definitions", dirs_exist_ok=True)
    shop.run()


def published(shop: Shop) -> pl.DataFrame:
    return shop.ask(f"SELECT {', '.join((*KEY, *SAID))} FROM kpi_value").with_columns(
        pl.col("kpi").cast(pl.String), pl.col("period_start_utc").dt.convert_time_zone("UTC")
    )


def test_what_is_foretold_is_what_the_next_run_then_publishes(ran: Shop) -> None:
    other = proposal(ran)
    other.edit("definitions/models.yaml", "quantity * price AS amount", "2 * quantity * price AS amount")
    other.edit("definitions/kpis.yaml", "value: 1500}", "value: 2000}")
    other.edit("definitions/kpis.yaml", "- name: weekly_tickets\n", "- name: calls\n    formerly: [weekly_tickets]\n")
    other.write("definitions/kpis.yaml", (other.root / "definitions/kpis.yaml").read_text() + BUYERS)
    other.write("definitions/metrics.yaml", (other.root / "definitions/metrics.yaml").read_text() + FAITHFUL)
    before = published(ran).with_columns(pl.col("kpi").replace({"weekly_tickets": "calls"}))

    found = foretold(ran, other)

    by_hand = ran.look("""
        SELECT date_trunc('week', sold_at)::DATE AS period_start, sum(quantity * price)::DOUBLE AS was
        FROM raw.sales GROUP BY 1 ORDER BY 1
    """)
    told = found.values.filter(pl.col("segment") == "all", kpi="weekly_revenue")
    assert told["from_value"].to_list() == by_hand["was"].to_list()
    assert told["to_value"].to_list() == [2 * value for value in by_hand["was"]]
    assert {one.name: (one.change, one.formerly) for one in found.kpis} == {
        "weekly_revenue": ("changed", None), "weekly_average_sale": ("changed", None),
        "calls": ("renamed", "weekly_tickets"), "monthly_buyers": ("added", None),
    }  # fmt: skip
    revenue = next(one for one in found.kpis if one.name == "weekly_revenue")
    assert (revenue.values, revenue.of_values, revenue.periods, revenue.segments) == (40, 40, 10, 4)
    assert (revenue.targets, revenue.latest and revenue.latest["to_target"]) == (10, 2000)
    assert revenue.largest and revenue.largest["difference_pct"] == 1
    assert found.metrics.filter(~pl.col("watched"))["metric"].to_list() == []
    # The table of targets still calls it by its old name: it would have no target, and a check says so.
    calls = next(one for one in found.kpis if one.name == "calls")
    assert (calls.values, calls.targets, calls.statuses) == (0, 10, 9)
    assert found.checks.select("asset", "check_name").rows() == [("raw/targets", "targets_have_their_kpi")]
    assert found.restates
    assert not found.fails

    adopted(ran, other)
    after = published(ran)
    both = before.join(after, on=KEY, how="full", coalesce=True, nulls_equal=True, suffix="_after")
    really = both.filter(pl.any_horizontal(pl.col(one).ne_missing(pl.col(f"{one}_after")) for one in SAID))
    assert found.values.select(KEY).sort(KEY).rows() == really.select(KEY).sort(KEY).rows()
    told = found.values.filter(pl.col("change") != "removed")
    told = told.select(*KEY, *(pl.col(f"to_{one}").alias(one) for one in SAID))
    assert told.sort(KEY).equals(after.join(told, on=KEY, how="semi").sort(KEY))
    assert found.scores.height == 4
    assert not foretold(ran, other).is_change


def test_the_same_definitions_change_nothing_and_words_no_number(ran: Shop) -> None:
    other = proposal(ran)
    ran.write("data/sales/late.csv", csv(SALES_HEADER, sales([3], first_invoice=500)))  # rows of the next run
    found = foretold(ran, other)
    assert (found.is_change, found.same, found.computed, found.read_again) == (False, 3, 0, ())

    other.edit("definitions/kpis.yaml", "  - name: weekly_revenue\n", "  - name: weekly_revenue\n    label: Turnover\n")
    other.edit("definitions/metrics.yaml", "expr: invoice, unit", "expr: invoice, label: Sales made, unit")
    found = foretold(ran, other)
    [revenue] = found.kpis
    assert revenue.fields == (("label", "Weekly revenue", "Turnover"),)
    assert (found.values.height, found.restates, found.metrics["metric"].to_list()) == (0, False, ["sales"])


def test_a_source_defined_otherwise_is_read_where_it_is_with_the_rows_it_has_now(ran: Shop) -> None:
    other = proposal(ran)
    other.edit("definitions/sources.yaml", "price: {type: decimal}", "price: {type: number}")
    ran.write("data/sales/late.csv", csv(SALES_HEADER, sales([3], first_invoice=500)))
    found = foretold(ran, other)
    assert found.read_again == ("sales",)
    revenue = found.values.filter(kpi="weekly_revenue", segment="all")
    assert revenue["period_label"].to_list() == ["2024-W04"]
    assert revenue["to_value"].to_list() == [2 * value for value in revenue["from_value"]]


def test_what_would_come_and_what_would_go(ran: Shop) -> None:
    other = proposal(ran)
    kpis = (other.root / "definitions/kpis.yaml").read_text()
    other.write("definitions/kpis.yaml", kpis[: kpis.index("  - name: weekly_tickets")] + VISITS_A_WEEK)
    other.edit("definitions/kpis.yaml", "breakdowns: [[], [country]]", "breakdowns: [[]]")
    other.edit("definitions/metrics.yaml", TICKETS, VISITS)
    models = (other.root / "definitions/models.yaml").read_text()
    other.write("definitions/models.yaml", models[: models.index("  - name: ticket")] + VISIT)
    sources = (other.root / "definitions/sources.yaml").read_text()
    start, end = sources.index("  - name: tickets"), sources.index("  - name: targets")
    other.write("definitions/sources.yaml", sources[:start] + VISITED + sources[end:])
    # The file lies in the branch, whose other data is not there.
    other.write("data/visits.csv", "visit,seen_on\n1,2024-01-02\n2,2024-01-03\n3,2024-01-09\n4,2024-01-16\n")

    found = foretold(ran, other)

    assert found.read_again == ("visits",)
    assert not found.fails
    revenue, visits, tickets = found.kpis
    assert (revenue.name, revenue.values, revenue.new, revenue.removed) == ("weekly_revenue", 0, 0, 30)
    assert (visits.name, visits.change, visits.new) == ("weekly_visits", "added", 3)
    assert (tickets.name, tickets.change, tickets.removed) == ("weekly_tickets", "removed", 10)
    by_hand = [("2024-W01", 2), ("2024-W02", 1), ("2024-W03", 1)]
    assert found.values.filter(kpi="weekly_visits").select("period_label", "to_value").rows() == by_hand
    assert found.metrics.select("metric", "change", "watched").rows() == [
        ("revenue", "changed", True), ("tickets", "removed", False), ("visits", "added", True),
    ]  # fmt: skip


def test_what_could_not_be_computed_is_told_and_fails_when_asked_to(
    ran: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    branch = proposal(ran)
    branch.edit("definitions/models.yaml", "max: 100000", "max: 1")

    def say(*options: str) -> tuple[int, str]:
        with ran.nothing_lost():
            said = ran.kpi("diff", "--definitions", str(branch.root), *options)
        return said.code, said.out

    code, text = say("--fail-on", "failure")
    assert code == 1
    assert "kpi/weekly_revenue could not be computed and would stay as it is" in text
    assert "amount_plausible  passes  fails" in text
    assert say("--fail-on", "restated")[0] == 0
    told = json.loads(say("--json")[1])
    assert {one["name"]: bool(one["blocked"]) for one in told["kpis"]} == {
        "weekly_revenue": True, "weekly_average_sale": True,
    }  # fmt: skip

    assert not caplog.records  # what is tried is no run that failed

    branch.edit("definitions/models.yaml", "max: 1,", "max: 100000,")
    branch.edit("definitions/kpis.yaml", "value: 1500}", "value: 2000}")
    code, text = say("--markdown", "--fail-on", "restated")
    assert code == 1
    assert text.startswith("### 1 KPI would change, 2 would stay as they are.\n\n- Values: 9 of complete periods")
    assert "| KPI | What | Numbers | Largest change | Last complete period |\n" in text
    assert "target €1,500 → €2,000, off track |" in text


def test_there_is_nothing_to_compare_with_before_the_first_run(shop: Shop) -> None:
    with pytest.raises(DataError, match="Nothing was published yet"):
        shop.load().diff_definitions(shop.root / "definitions")
    shop.kpi("diff", "--definitions", str(shop.root / "nowhere")).refuses(2, "There is no folder definitions/")
    assert shop.kpi("diff", "--markdown").code == 2
    assert shop.kpi("diff", "2024-01-01", "--definitions", str(shop.root)).code == 2
