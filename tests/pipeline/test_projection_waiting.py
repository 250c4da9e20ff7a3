"""Periods that are over and wait for their events: they stand as others did when they were as old."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from kpi_pipeline.compile import compile_project
from kpi_pipeline.derive import derive
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.pipeline.coverage import calendar_for, coverage_of
from kpi_pipeline.pipeline.projection import _periods, asked_of, boards_of, placed_on, projections
from kpi_pipeline.pipeline.stood import Known, point_of, stood_at
from kpi_pipeline.plan import Coverage
from kpi_pipeline.project import Project
from kpi_pipeline.projection.methods import values_of
from kpi_pipeline.publish import empty_frame, table_named
from kpi_pipeline.store import Warehouse
from tests.engine import Table, Through, engine

FIRST, THROUGH = date(2023, 1, 1), date(2024, 3, 14)
METRICS: list[dict[str, Any]] = [
    {"name": "visits", "type": "simple", "model": "visit", "agg": "count", "expr": "1"},
    {"name": "bought", "type": "simple", "model": "buy", "agg": "count", "expr": "1"},
    {"name": "buyers", "type": "simple", "model": "buy", "agg": "count_distinct", "expr": "customer"},
    *(
        {"name": name, "type": "conversion", "entity": "customer", "base_metric": "visits", "window": "90 days", **more}
        for name, more in {
            "conversions": {"conversion_metric": "bought", "calculation": "conversions"},
            "rate": {"conversion_metric": "bought"},
            "buyer_rate": {"conversion_metric": "buyers"},
        }.items()
    ),
    {
        "name": "back",
        "type": "retention",
        "entity": "customer",
        "model": "buy",
        "cohort_grain": "month",
        "age": {"from": 1, "to": 2},
    },
]
IN_PERIOD = "visit.day BETWEEN start AND least(cut, ended)"
MATCHED = f"visit JOIN buy USING (customer) WHERE {IN_PERIOD} AND buy.day BETWEEN visit.day AND cut"
ORACLES = {
    "conversions": f"SELECT count(*) FROM {MATCHED} AND buy.day < visit.day + 90",
    "rate": f"SELECT (SELECT count(*) FROM {MATCHED} AND buy.day < visit.day + 90)"
    f" / (SELECT count(*) FROM visit WHERE {IN_PERIOD})",
    "buyer_rate": f"SELECT (SELECT count(DISTINCT customer) FROM {MATCHED} AND buy.day < visit.day + 90)"
    f" / (SELECT count(*) FROM visit WHERE {IN_PERIOD})",
    "back": "SELECT CASE WHEN cut > ended THEN avg(again::INT) END FROM ("
    "SELECT min(day) AS first, coalesce(bool_or(day > ended AND day <= cut AND day < ended + 1 + INTERVAL 2 MONTH), false)"
    " AS again FROM buy GROUP BY customer HAVING first BETWEEN start AND ended)",
}


def events() -> tuple[list[list[str | None]], list[list[str | None]]]:
    """Each customer visits once; a third of them buy, after up to 99 days, and some twice. Later there are more."""
    random = np.random.default_rng(5)
    visits: list[list[str | None]] = []
    bought: list[list[str | None]] = []
    for place in range((THROUGH - FIRST).days + 1):
        day = FIRST + timedelta(days=place)
        for one in range(3 + place // 100):
            customer = f"c{place}-{one}"
            visits.append([str(day), customer])
            times = (1 + int(random.random() < 0.1)) * int(random.random() < 0.35)
            days = [day + timedelta(int(wait)) for wait in random.integers(0, 100, times)]
            bought += [[str(found), customer] for found in days if found <= THROUGH]
    return visits, bought


@contextmanager
def waiting(*metrics: str, through: date = THROUGH) -> Iterator[tuple[Project, Known, Warehouse]]:
    columns = {"day": "date", "customer": "varchar"}
    tables = {name: Table(columns, rows) for name, rows in zip(("visit", "buy"), events(), strict=True)}
    customer = {"name": "customer", "type": "foreign"}
    models = [
        {"name": name, "table": f"raw.{name}", "agg_time_dimension": "day", "entities": [customer]} for name in tables
    ]
    ends = {name: Through(through, through) for name in tables}
    with engine(tables, metrics=METRICS, models=models, through=ends) as made:
        kpis = [
            Kpi.model_validate({"name": one, "metric": one, "direction": "up", "grain": "month"}) for one in metrics
        ]
        project = replace(made.project, kpis={one.name: one for one in kpis})
        plan = compile_project(project, kpis=list(project.kpis), metrics=[])
        partials = made.partials(replace(made, project=project).context(), plan)
        coverage: dict[str, Coverage] = {
            name: replace(one, newest_day=through, complete_before=through)
            for name, one in coverage_of(plan.derivations, partials, {}, None).items()
        }
        calendar = calendar_for(project, coverage, made.now.date(), made.warehouse)
        results = derive(plan.series, plan.derivations, partials, calendar, coverage, dense=True)
        yield project, Known(plan.derivations, results, partials, calendar, coverage, frozenset()), made.warehouse


@pytest.mark.parametrize("metric", ORACLES)
def test_what_stood_at_the_same_age_is_what_plain_sql_says(metric: str) -> None:
    """Of every period, for each that waits: only what had been bought by then counts."""
    with waiting(metric) as (project, known, warehouse):
        points = list(asked_of(project.kpis[metric], known))
        assert [one.waited for one in points] == ([2, 1, 0] if metric == "back" else [3, 2, 1, 0])
        assert [one.ahead for one in points] == list(range(1, len(points) + 1))
        for asked in points:
            periods = _periods(asked, FIRST, known.calendar)
            point = point_of(asked, periods, [metric], known)
            stood = stood_at(asked, periods, point, set(known.results), known)
            (found,) = stood.values()
            cuts = periods.with_columns(days=pl.Series(point.days)).with_columns(
                cut=pl.col("period_start") + pl.duration(days=pl.col("days") - 1)
            )
            assert cuts.item(-1, "cut") == THROUGH - timedelta(days=1)
            wanted = warehouse.fetch(
                "WITH visit AS (SELECT * FROM raw.visit), buy AS (SELECT * FROM raw.buy), "
                "point AS (SELECT unnest(?::DATE[]) AS start, unnest(?::DATE[]) AS cut, unnest(?::DATE[]) AS ended) "
                f"SELECT start AS period_start, ({ORACLES[metric]})::DOUBLE AS value FROM point ORDER BY start",
                [
                    cuts["period_start"].to_list(),
                    cuts["cut"].to_list(),
                    [one - timedelta(days=1) for one in cuts["period_end"]],
                ],
            )
            values = found.sort("period_start").get_column("value")
            assert values.to_list() == pytest.approx(wanted["value"].to_list(), nan_ok=True)
            assert values.drop_nulls().len() == (0 if metric == "back" and not asked.waited else periods.height)


def test_a_period_that_waits_is_expected_to_end_as_what_follows_says() -> None:
    """A third buys, always at the same pace: what is missing is known well, and better the longer a period has waited."""
    with waiting("rate", "conversions") as (project, known, warehouse):
        placed = boards_of(project, list(project.kpis), known)
        told = projections(project, placed, empty_frame(table_named("kpi_evidence")), known.results, known.calendar)
        rates = told.filter(kpi="rate").sort("period_start")
        assert rates["elapsed_share"].to_list()[:3] == [1, 1, 1]
        errors = rates["usual_rest_error"].to_list()
        assert all(ours < naive for ours, naive in zip(errors, rates["naive_error"], strict=True))
        assert errors[0] < 0.5 * min(errors[1:])
        widths = rates["projected_high"] - rates["projected_low"]
        assert widths.item(0) < 0.5 * widths.item(-1)
        counts = told.filter(kpi="conversions").sort("period_start")
        now = warehouse.fetch(
            "SELECT count(*) FROM raw.visit JOIN raw.buy USING (customer) WHERE visit.day BETWEEN '2023-12-01' "
            "AND '2023-12-31' AND buy.day < visit.day + 90 AND buy.day <= '2024-03-13'"
        ).item()
        assert now <= counts.item(0, "projected_low") <= counts.item(0, "projected_value") < 1.1 * now


def test_steps_of_younger_periods_count_for_older_boards_only_as_far_as_they_are_known() -> None:
    with waiting("rate") as (project, known, _):
        kpi = project.kpis["rate"]
        placed = placed_on({one: [kpi] for one in asked_of(kpi, known)}, known)
        for one in placed:
            later = one.board.upper.later
            assert [step.ahead for step in later] == list(range(1, one.asked.ahead))
            ends = values_of(one.board)
            assert np.isfinite(ends[0, : -one.asked.ahead]).all()
            assert np.isnan(ends[0, -one.asked.ahead :]).all()
            for step in later:
                assert np.isfinite(step.stood[0, : -step.ahead]).all()
                assert np.isnan(step.stood[0, -step.ahead :]).all()
