"""Projections of KPIs: what stood at the same point is what plain SQL says, and nothing is known too early."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from kpi_pipeline.compile import compile_project
from kpi_pipeline.derive import derive
from kpi_pipeline.ingest import source_states
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.periods import Grain
from kpi_pipeline.pipeline.coverage import by_calendar, calendar_for, coverage_of
from kpi_pipeline.pipeline.projection import _periods, boards_of, projections
from kpi_pipeline.pipeline.stood import Asked, Known, point_of, stood_at
from kpi_pipeline.project import Project
from kpi_pipeline.publish import empty_frame, table_named
from kpi_pipeline.store import Warehouse
from tests.engine import Table, Through, engine
from tests.project import SALES_HEADER, Shop, csv, sales

FIRST, NEWEST = date(2023, 1, 1), date(2024, 3, 14)
METRICS: list[dict[str, Any]] = [
    {"name": "sales", "type": "simple", "model": "sale", "agg": "sum", "expr": "amount"},
    {"name": "orders", "type": "simple", "model": "sale", "agg": "count", "expr": "1"},
    {"name": "customers", "type": "simple", "model": "sale", "agg": "count_distinct", "expr": "customer"},
    {"name": "middle", "type": "simple", "model": "sale", "agg": "median", "expr": "amount"},
    {"name": "dearest", "type": "simple", "model": "sale", "agg": "max", "expr": "amount"},
    {"name": "basket", "type": "ratio", "numerator": "sales", "denominator": "customers"},
    {"name": "sales_10d", "type": "cumulative", "input_metric": "sales", "window": "10 days"},
    {"name": "sales_3m", "type": "cumulative", "input_metric": "sales", "window": "3 months"},
    {"name": "sales_ytd", "type": "cumulative", "input_metric": "sales", "grain_to_date": "year"},
    {
        "name": "growth",
        "type": "derived",
        "expr": "now / before - 1",
        "input_metrics": [
            {"name": "sales", "alias": "now"},
            {"name": "sales", "alias": "before", "offset_window": "1 month"},
        ],
    },
]
IN_PERIOD = "day BETWEEN start AND cut"
ORACLES = {
    "sales": f"SELECT sum(amount) FROM sale WHERE {IN_PERIOD}",
    "orders": f"SELECT count(*) FROM sale WHERE {IN_PERIOD}",
    "customers": f"SELECT count(DISTINCT customer) FROM sale WHERE {IN_PERIOD}",
    "middle": f"SELECT median(amount) FROM sale WHERE {IN_PERIOD}",
    "dearest": f"SELECT max(amount) FROM sale WHERE {IN_PERIOD}",
    "basket": f"SELECT sum(amount) / count(DISTINCT customer) FROM sale WHERE {IN_PERIOD}",
    "sales_10d": "SELECT sum(amount) FROM sale WHERE day BETWEEN cut - 9 AND cut",
    "sales_3m": ("SELECT sum(amount) FROM sale WHERE day > cut - INTERVAL 3 MONTH AND day <= cut"),
    "sales_ytd": "SELECT sum(amount) FROM sale WHERE day BETWEEN date_trunc('year', cut) AND cut",
    "growth": (
        f"SELECT (SELECT sum(amount) FROM sale WHERE {IN_PERIOD}) / "
        "(SELECT sum(amount) FROM sale WHERE day BETWEEN earlier AND earlier_cut) - 1"
    ),
}


def shop_rows(last: date = NEWEST) -> list[list[str | None]]:
    """Fourteen months of sales: none on Sundays, few on Saturdays, more towards a month's end, a little by chance."""
    random = np.random.default_rng(11)
    rows: list[list[str | None]] = []
    for place in range((NEWEST - FIRST).days + 1):
        day = FIRST + timedelta(days=place)
        drawn = random.integers(1, 50, 12)
        many = 0 if day.weekday() == 6 else 2 if day.weekday() == 5 else 6 + (day.day > 20) * 3
        rows += [[str(day), str(one), f"c{one % 17}", ("web", "shop")[one % 2]] for one in drawn[:many] if day <= last]
    return rows


@dataclass(frozen=True)
class Tried:
    """A project of one KPI a metric, and what a run has computed of it."""

    project: Project
    known: Known
    warehouse: Warehouse
    evidence: pl.DataFrame = field(default_factory=lambda: empty_frame(table_named("kpi_evidence")))

    def projections(self) -> pl.DataFrame:
        placed = boards_of(self.project, list(self.project.kpis), self.known)
        return projections(self.project, placed, self.evidence, self.known.results, self.known.calendar)

    def projected(self, kpi: str, segment: str = "all") -> dict[str, Any]:
        """The one row of a KPI."""
        return self.projections().row(by_predicate=(pl.col("kpi") == kpi) & (pl.col("segment") == segment), named=True)


@contextmanager
def tried(
    metrics: list[str],
    *,
    grain: str = "month",
    rows: list[list[str | None]] | None = None,
    breakdowns: tuple[tuple[str, ...], ...] = ((),),
    complete_before: date = NEWEST,
    newest: date = NEWEST,
    settings: dict[str, Any] | None = None,
    holidays: frozenset[date] = frozenset(),
) -> Iterator[Tried]:
    columns = {"day": "date", "amount": "decimal(9,2)", "customer": "varchar", "channel": "varchar"}
    table = Table(columns, rows if rows is not None else shop_rows())
    through = {"sale": Through(newest, complete_before)}
    with engine({"sale": table}, metrics=METRICS, through=through, settings=settings) as made:
        kpis = [
            Kpi.model_validate(
                {"name": f"{grain}_{one}", "metric": one, "direction": "up", "grain": grain, "breakdowns": breakdowns}
            )
            for one in metrics
        ]
        project = replace(made.project, kpis={one.name: one for one in kpis})
        context = replace(made, project=project).context()
        plan = compile_project(project, kpis=list(project.kpis), metrics=[])
        partials = made.partials(context, plan)
        states = by_calendar(project, source_states(made.warehouse), made.warehouse)
        coverage = coverage_of(plan.derivations, partials, states, context.today)
        calendar = calendar_for(project, coverage, made.now.date(), made.warehouse)
        results = derive(plan.series, plan.derivations, partials, calendar, coverage, dense=True)
        known = Known(plan.derivations, results, partials, calendar, coverage, holidays)
        yield Tried(project, known, made.warehouse)


@pytest.mark.parametrize("metric", ORACLES)
def test_what_stood_at_the_same_point_is_what_plain_sql_says(metric: str) -> None:
    with tried([metric]) as made:
        asked = Asked(Grain.month, date(2024, 3, 1), NEWEST, 1)
        periods = _periods(asked, FIRST, made.known.calendar)
        point = point_of(asked, periods, [metric], made.known)
        series = next(one for one in made.known.results if one.grain is Grain.month)
        stood = stood_at(asked, periods, point, {series}, made.known)[series].sort("period_start")
        starts = periods.get_column("period_start").to_list()
        cuts = [start + timedelta(days=int(over) - 1) for start, over in zip(starts, point.days, strict=True)]
        assert cuts[-1] == date(2024, 3, 13)
        for place, (start, cut) in enumerate(zip(starts, cuts, strict=True)):
            earlier, earlier_cut = (starts[place - 1], cuts[place - 1]) if place else (None, None)
            found = stood.filter(pl.col("period_start") == start).get_column("value").item()
            wanted = made.warehouse.fetch(
                "WITH sale AS (SELECT * FROM raw.sale), "
                "point AS (SELECT ?::DATE AS start, ?::DATE AS cut, ?::DATE AS earlier, ?::DATE AS earlier_cut) "
                f"SELECT ({ORACLES[metric]})::DOUBLE AS wanted FROM point",
                [start, cut, earlier, earlier_cut],
            ).item()
            assert found == (None if wanted is None else pytest.approx(wanted)), (start, cut)


def test_segments_stand_at_that_point_too() -> None:
    with tried(["customers"], breakdowns=((), ("channel",))) as made:
        table = made.projections()
        assert set(table["segment"]) == {"all", "channel=web", "channel=shop"}
        series = next(one for one in made.known.results if one.breakdown == ("channel",))
        asked = Asked(Grain.month, date(2024, 3, 1), NEWEST, 1)
        periods = _periods(asked, FIRST, made.known.calendar)
        stood = stood_at(asked, periods, point_of(asked, periods, ["customers"], made.known), {series}, made.known)
        found = stood[series].filter(pl.col("period_start") == date(2024, 3, 1)).select("channel", "value")
        wanted = made.warehouse.rows(
            "SELECT channel, count(DISTINCT customer)::DOUBLE FROM raw.sale "
            "WHERE day >= '2024-03-01' AND day < '2024-03-14' GROUP BY channel",
            [],
        )
        assert dict(found.iter_rows()) == dict(wanted)


def test_a_month_is_projected_from_its_working_days() -> None:
    """Of March 2024 six Mondays to Saturdays and five more are over: the rest comes on the others."""
    with tried(["sales", "orders", "basket", "middle"]) as made:
        sales_row = made.projected("month_sales")
        assert sales_row["method"] != "naive"
        assert sales_row["elapsed_share"] == pytest.approx(0.42, abs=0.03)
        before = made.warehouse.fetch(
            "SELECT sum(amount)::DOUBLE FROM raw.sale WHERE day >= '2024-02-01' AND day < '2024-03-01'"
        ).item()
        assert sales_row["projected_low"] < before * 26 / 25 < sales_row["projected_high"]
        assert sales_row["error"] < 0.1 < sales_row["projected_value"]
        basket = made.projected("month_basket")
        assert basket["projected_low"] < basket["projected_value"] < basket["projected_high"]
        assert made.projected("month_middle")["reason"] is None


def test_a_period_just_begun_is_projected_from_those_before() -> None:
    with tried(["sales"], complete_before=date(2024, 3, 1), newest=date(2024, 3, 1)) as made:
        row = made.projected("month_sales")
        assert (row["elapsed_share"], row["periods_ahead"]) == (0, 1)
        assert row["projected_value"] is not None
        assert row["share_in_error"] is None


def test_nothing_is_in_progress_where_all_is_over() -> None:
    with tried(
        ["sales"], complete_before=date(2024, 3, 1), newest=date(2024, 2, 29), rows=shop_rows(date(2024, 2, 29))
    ) as made:
        assert made.projections().is_empty()


def test_the_day_in_progress_does_not_count_and_is_no_upper_bound() -> None:
    """What came today is more than ever came in a month: it is in, so the month cannot end below it."""
    rows = [*shop_rows(), [str(NEWEST), "1000000", "c1", "web"]]
    with tried(["sales"], rows=rows) as made:
        row = made.projected("month_sales")
        assert row["projected_low"] >= 1_000_000
    with tried(["orders"]) as made:
        before = made.projected("month_orders")
    with tried(["orders"], rows=[*shop_rows(), [str(NEWEST), "1", "c1", "web"]]) as made:
        assert made.projected("month_orders")["projected_value"] == before["projected_value"]


def test_the_future_moves_nothing() -> None:
    """As of a day, rows of later days are as if they were not there, whatever they say."""
    settings = {"as_of": date(2024, 2, 10)}
    now = shop_rows(date(2024, 2, 10))
    later = [
        [day, str(int(amount or 0) * 1000), customer, channel]
        for day, amount, customer, channel in shop_rows()
        if (day or "") > "2024-02-10"
    ]
    metrics = ["sales", "customers", "basket", "middle", "sales_10d"]
    with tried(
        metrics, rows=now, settings=settings, newest=date(2024, 2, 10), complete_before=date(2024, 2, 10)
    ) as made:
        without = made.projections()
    with tried(metrics, rows=[*now, *later], settings=settings) as made:
        assert_frame_equal(without, made.projections())


def test_weeks_and_days_are_projected_too() -> None:
    with tried(["sales"], grain="week") as made:
        week = made.projected("week_sales")
        assert week["period_start"] == date(2024, 3, 11)
        assert week["elapsed_share"] == pytest.approx(3 / 5.4, abs=0.05)
    with tried(["sales"], grain="day") as made:
        day = made.projected("day_sales")
        assert (day["period_start"], day["elapsed_share"]) == (NEWEST, 0)
        assert day["reference_method"] == "seasonal_naive"


def test_holidays_to_come_leave_less_to_come() -> None:
    easter = frozenset({date(2023, 4, 7), date(2023, 4, 10), date(2023, 5, 1), date(2024, 3, 29), date(2024, 3, 28)})
    rows = [row for row in shop_rows() if date.fromisoformat(row[0] or "") not in easter]
    with tried(["sales"], rows=rows, holidays=easter) as made:
        knowing = made.projected("month_sales")
    with tried(["sales"], rows=rows) as made:
        unknowing = made.projected("month_sales")
    assert knowing["elapsed_share"] > unknowing["elapsed_share"] * 1.05
    assert knowing["usual_rest_error"] is not None


def confirmed(leader: str, follower: str, *, lag: int, grain: str = "week", verdict: str = "confirmed") -> pl.DataFrame:
    """The evidence on one link."""
    row = {"kpi": leader, "leads_kpi": follower, "grain": grain, "verdict": verdict, "segment": "all"}
    return pl.concat(
        [
            empty_frame(table_named("kpi_evidence")),
            pl.DataFrame([{**row, "measured_lag": lag, "skill": 0.3}], schema_overrides={"measured_lag": pl.Int64}),
        ],
        how="diagonal",
    )


def led_rows() -> list[list[str | None]]:
    """Orders go up and down by chance from week to week, and sales follow those of the week before."""
    random = np.random.default_rng(3)
    weeks = [FIRST + timedelta(days=1 + 7 * place) for place in range(62)]
    orders = random.integers(10, 40, len(weeks))
    rows: list[list[str | None]] = []
    for place, monday in enumerate(weeks):
        before = orders[place - 1] if place else 20
        amount = 100 * before / orders[place] + random.normal(0, 0.5)
        rows += [[str(monday), f"{amount:.2f}", f"c{one}", "web"] for one in range(orders[place])]
    return rows


def test_what_a_confirmed_leader_says_counts() -> None:
    """This week's orders are not known yet, last week's are: a hundred times as much will be sold."""
    begun = {"newest": date(2024, 3, 11), "complete_before": date(2024, 3, 11)}
    with tried(
        ["sales", "orders"], grain="week", rows=[*led_rows()[:-1], ["2024-03-11", "1", "c1", "web"]], **begun
    ) as made:
        alone = made.projected("week_sales")
        led = replace(made, evidence=confirmed("week_orders", "week_sales", lag=1)).projected("week_sales")
        weak = replace(made, evidence=confirmed("week_orders", "week_sales", lag=1, verdict="weak"))
        other = replace(made, evidence=confirmed("week_orders", "week_sales", lag=1, grain="month"))
        assert (alone["leader_error"], alone["method"] == "leader") == (None, False)
        assert led["method"] == "leader"
        assert led["error"] < 0.5 * alone["error"]
        assert led["projected_high"] - led["projected_low"] < 0.6 * (alone["projected_high"] - alone["projected_low"])
        assert weak.projected("week_sales") == other.projected("week_sales") == alone


def test_too_few_periods_say_so() -> None:
    rows = [row for row in shop_rows() if (row[0] or "") >= "2023-12-15"]
    with tried(["sales"], rows=rows) as made:
        row = made.projected("month_sales")
        assert (row["reason"], row["projected_value"], row["method"]) == ("too_few_periods", None, None)


def test_series_without_progress_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_arguments: object, **_options: object) -> None:
        raise AssertionError("nothing is in progress")

    with tried(
        ["sales"], complete_before=date(2024, 3, 1), newest=date(2024, 2, 29), rows=shop_rows(date(2024, 2, 29))
    ) as made:
        monkeypatch.setattr("kpi_pipeline.pipeline.stood.derive", never)
        assert made.projections().is_empty()


def test_a_run_publishes_projections_and_their_status(ran: Shop) -> None:
    """Nine weeks are over; the tenth is in progress on its Friday."""
    found = ran.ask(
        "SELECT kpi, segment, projected_value, projected_low, projected_high, projected_status FROM kpi_value "
        "WHERE projected_value IS NOT NULL ORDER BY kpi, segment"
    )
    assert set(found["kpi"]) == {"weekly_revenue", "weekly_average_sale", "weekly_tickets"}
    assert set(found["projected_status"]) <= {"on_track", "at_risk", "off_track", "no_target"}
    assert found.filter(pl.col("projected_low") > pl.col("projected_value")).is_empty()
    how = ran.ask("SELECT * FROM kpi_projection WHERE segment = 'all' ORDER BY kpi")
    assert how.filter(pl.col("reason").is_null() == pl.col("projected_value").is_null()).is_empty()


def test_a_run_after_new_rows_projects_as_a_full_one(ran: Shop) -> None:
    ran.write("data/sales/second.csv", csv(SALES_HEADER, sales([10], first_invoice=500)))
    ran.run()
    query = "SELECT * FROM kpi_projection ORDER BY kpi, segment, period_start"
    values = "SELECT kpi, segment, period_start, projected_value, projected_low, projected_high, projected_status FROM kpi_value ORDER BY ALL"
    step = ran.ask(query), ran.ask(values)
    ran.run(full=True)
    assert_frame_equal(step[0], ran.ask(query))
    assert_frame_equal(step[1], ran.ask(values))


def test_a_run_of_some_kpis_keeps_the_projections_of_others(ran: Shop) -> None:
    query = "SELECT * FROM kpi_projection WHERE kpi <> 'weekly_tickets' ORDER BY ALL"
    before = ran.ask(query)
    assert before.height
    ran.edit("data/tickets.csv", "T0,2024-01-01", "T0,2024-01-09")
    ran.run(select=["weekly_tickets"])
    assert_frame_equal(before, ran.ask(query))
