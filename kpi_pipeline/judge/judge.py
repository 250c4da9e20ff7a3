"""KPI values: metric values of a KPI's grain and breakdowns, with target, attainment, status and comparisons."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from kpi_pipeline.calendar import Calendar
from kpi_pipeline.computing import over
from kpi_pipeline.judge.held import NOTHING_HELD, as_said, held
from kpi_pipeline.judge.projected import NOTHING_PROJECTED, with_projections
from kpi_pipeline.judge.rules import with_rules
from kpi_pipeline.judge.settled import settled
from kpi_pipeline.judge.status import attainment, has_target, status, status_rule, variance
from kpi_pipeline.judge.targets import with_targets
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.plan import Series, SeriesKey, by_key
from kpi_pipeline.project import Project
from kpi_pipeline.segments import breakdown_name, segment_name

COMPARED = ("previous_value", "year_ago_value")


def judge(
    project: Project,
    results: Mapping[Series, pl.DataFrame],
    targets: pl.DataFrame,
    calendar: Calendar,
    projections: pl.DataFrame = NOTHING_PROJECTED,
    said: pl.DataFrame = NOTHING_HELD,
) -> pl.DataFrame:
    """One row a KPI, period and segment, with the columns of the published table `kpi_value`.

    `results` are derived series; KPIs whose series are not all there are left out. `projections` say where periods in
    progress are expected to end: see `with_projections`. `said` is what was published of closed periods, and
    stays: see `held`.
    """
    frames = by_key(results)
    kpis = [kpi for kpi in project.kpis.values() if all(key in frames for key in _series_of(kpi))]
    if not kpis:
        return pl.DataFrame()
    values = pl.concat([calendar.named(_values(kpi, frames), kpi.grain) for kpi in kpis], how="diagonal")
    values = held(values, said, calendar)

    def judging(rows: pl.DataFrame) -> pl.DataFrame:
        return _judged(rows, targets, project.kpis, calendar)

    return (
        as_said(with_projections(judging(values), values, projections, calendar, judging), said)
        .join(_annotations(project, calendar), on=["kpi", "period_start"], how="left", maintain_order="left")
        .with_columns(
            target_provenance=pl.when(has_target() & (pl.col("target_provenance") != "")).then("target_provenance")
        )
        .drop("target_type", "at_risk_within", "target_scale", "rule_status", "rule_words")
        .sort("kpi", "breakdown", "segment", "period_start_utc")
    )


def _judged(values: pl.DataFrame, targets: pl.DataFrame, kpis: Mapping[str, Kpi], calendar: Calendar) -> pl.DataFrame:
    """The values with their targets, comparisons, attainment and status."""
    aimed = with_targets(values, targets, kpis, calendar).with_columns(variance=variance(), **_comparisons())
    ruled = with_rules(aimed.with_columns(attainment=attainment()), kpis)
    return settled(ruled.with_columns(status=status(), status_rule=status_rule()), kpis)


def _series_of(kpi: Kpi) -> list[SeriesKey]:
    return [(kpi.metric, kpi.grain, breakdown) for breakdown in kpi.told_apart_by]


def _values(kpi: Kpi, frames: Mapping[SeriesKey, pl.DataFrame]) -> pl.DataFrame:
    values = [
        frames[metric, grain, breakdown].select(
            "period_start", "value", "numerator", "denominator", "sample_size", "is_complete", *COMPARED,
            breakdown=pl.lit(breakdown_name(breakdown)),
            segment=segment_name(breakdown),
        )
        for metric, grain, breakdown in _series_of(kpi)
    ]  # fmt: skip
    return pl.concat(values).with_columns(
        kpi=pl.lit(kpi.name),
        grain=pl.lit(kpi.grain.value),
        target_type=pl.lit(kpi.target.type if kpi.target else None, pl.String),
        at_risk_within=pl.lit(kpi.status.at_risk_within, pl.Float64),
    )


def _comparisons() -> dict[str, pl.Expr]:
    """Change against the previous period, and the relative changes; NULL where there is nothing to compare with."""
    value, previous, year_ago = pl.col("value"), pl.col("previous_value"), pl.col("year_ago_value")
    return {
        "change": value - previous,
        "change_pct": pl.when(previous != 0).then(over(value - previous, previous.abs())),
        "year_over_year_pct": pl.when(year_ago != 0).then(over(value - year_ago, year_ago.abs())),
    }


def _annotations(project: Project, calendar: Calendar) -> pl.DataFrame:
    rows = [
        (kpi.name, calendar.start_of(said.period, kpi.grain), said.text)
        for kpi in project.kpis.values()
        for said in kpi.annotations
        if calendar.covers(said.period)
    ]
    schema = {"kpi": pl.String, "period_start": pl.Date, "annotation": pl.String}
    return (
        pl.DataFrame(rows, schema=schema, orient="row")
        .group_by("kpi", "period_start", maintain_order=True)
        .agg(pl.col("annotation").str.join("; "))
    )
