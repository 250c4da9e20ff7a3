"""The last stages: the new tables are put together, checked, swapped in, and shown to readers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from kpi_pipeline.calendar import Calendar, build_calendar
from kpi_pipeline.checks.result import CheckResult
from kpi_pipeline.judge import classify, goal_scores, headline
from kpi_pipeline.load import findings
from kpi_pipeline.names import TableRef
from kpi_pipeline.periods import Grain
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.pipeline.target_checks import segments_with_targets
from kpi_pipeline.plan import Series
from kpi_pipeline.publish import (
    SCHEMA_VERSION,
    TABLES,
    calendar_tables,
    conform,
    definition_tables,
    empty_frame,
    indicator_table,
    metric_values,
    project_version,
    segments,
    table_named,
    table_statements,
    view_statements,
    write_parquet,
    write_scorecard,
)
from kpi_pipeline.quality import check_frames
from kpi_pipeline.quality.kpi_tables import check_kpi_values
from kpi_pipeline.store.checks import all_checks, remember_checks
from kpi_pipeline.store.runs import Outcome, runs, stages
from kpi_pipeline.store.snapshot import write_snapshot

Tables = dict[str, pl.DataFrame]


@dataclass(frozen=True)
class Computed:
    """What this run computed, and which of the KPIs and metrics stay as they were published."""

    results: Mapping[Series, pl.DataFrame]
    kpi_value: pl.DataFrame
    kpis: frozenset[str]
    metrics: frozenset[str]


def check_kpis(context: Context, computed: Computed, targets: pl.DataFrame) -> tuple[CheckResult, ...]:
    """The values of every KPI just computed, and their targets, checked before anybody sees them."""
    if computed.kpi_value.is_empty():
        return ()
    values = conform(table_named("kpi_value"), computed.kpi_value)
    results = (
        *check_kpi_values(values, as_of=context.now, docs=context.docs),
        *check_frames(segments_with_targets(targets, values, computed.kpis), as_of=context.now),
    )
    for asset in dict.fromkeys(one.asset for one in results):
        found = [one for one in results if one.asset == asset]
        remember_checks(context.warehouse, asset, context.run_id, found)
    return results


def assemble(
    context: Context,
    computed: Computed,
    calendar: Calendar,
    through: date | None,
) -> Tables:
    """All published tables: what was computed, and of the rest what was published before."""
    project = context.project
    classified = classify(project)
    tables: Tables = {table.name: empty_frame(table) for table in TABLES}
    tables |= definition_tables(project, headline(project, classified))
    tables["kpi_indicator"] = indicator_table(classified)
    tables["lint_result"] = _findings(context)
    tables["kpi_value"] = _with_kept(context, "kpi_value", "kpi", computed.kpi_value, computed.kpis, project.kpis)
    values = metric_values(computed.results, calendar)
    tables["metric_value"] = _with_kept(context, "metric_value", "metric", values, computed.metrics, project.metrics)
    by_hour = any(Grain.hour in tables[name].get_column("grain") for name in ("kpi_value", "metric_value"))
    around = _around(tables, calendar)
    tables |= calendar_tables(around, hours=by_hour)
    scores = goal_scores(project, tables["kpi_value"], around)
    tables["goal_score"] = conform(table_named("goal_score"), scores) if scores.height else tables["goal_score"]
    tables["segment"] = _segments(context, computed, tables)
    tables["check_result"] = _check_results(context)
    tables["snapshot"] = _snapshot(context, _through(context, computed, through))
    return tables


def swap_in(context: Context, tables: Tables) -> None:
    """Replaces the published tables of the warehouse, all of them or none."""
    with context.warehouse.transaction():
        for name, frame in tables.items():
            context.warehouse.replace_table(TableRef("kpi", name), frame)


def with_runs(context: Context, tables: Tables, outcome: Outcome) -> Tables:
    """The tables with the runs so far, this one as it will have ended once readers see them."""
    table = table_named("run")
    this_one = pl.col("run_id") == context.run_id
    known = runs(context.warehouse).with_columns(
        pl.when(this_one).then(pl.lit(value)).otherwise(name).alias(name) for name, value in outcome._asdict().items()
    )
    taken = pl.concat(
        [
            stages(context.warehouse),
            pl.DataFrame(
                [(context.run_id, *stage) for stage in context.taken],
                schema=table_named("run_stage").schema,
                orient="row",
            ),
        ],
        how="vertical_relaxed",
    )
    return tables | {"run": conform(table, known), "run_stage": conform(table_named("run_stage"), taken)}


def show(context: Context, tables: Tables) -> dict[str, Path]:
    """Writes what readers see: the snapshot file first, then Parquet and the scorecard page."""
    publish = context.project.settings.publish
    target = context.project.path(publish.duckdb)
    views = view_statements(context.project, metric_value=tables["metric_value"], segment=tables["segment"])
    written = {"tables": write_snapshot(context.warehouse, target, tables=table_statements(), views=views).path}
    context.watch.step("kpi.duckdb")
    if publish.parquet:
        written["parquet"] = write_parquet(tables, context.project.path(publish.parquet), context.run_id)
        context.watch.step("parquet")
    if publish.scorecard:
        written["scorecard"] = write_scorecard(
            tables,
            context.project.path(publish.scorecard),
            title=context.project.settings.title,
            attribution=publish.attribution,
            published=[one for one in (publish.duckdb, publish.parquet) if one],
        )
        context.watch.step("scorecard")
    return written


def _with_kept(
    context: Context, name: str, key: str, new: pl.DataFrame, computed: frozenset[str], defined: Mapping[str, object]
) -> pl.DataFrame:
    """The new rows and, of what is still defined but was not computed, the rows published before."""
    table = table_named(name)
    fresh = conform(table, new) if new.height else empty_frame(table)
    before = _published(context, name)
    if before is None:
        return fresh
    keep = pl.col(key).is_in([one for one in defined if one not in computed])
    return conform(table, pl.concat([fresh, conform(table, before.filter(keep))]))


def _around(tables: Tables, calendar: Calendar) -> Calendar:
    """The calendar of all periods that have values, also of those that this run did not compute."""
    periods = pl.concat([tables[name].select("period_start", "last_day") for name in ("kpi_value", "metric_value")])
    if periods.is_empty():
        return calendar
    first, last = periods.select(first=pl.col("period_start").min(), last=pl.col("last_day").max()).row(0)
    return build_calendar(first, last, calendar.rules)


def _segments(context: Context, computed: Computed, tables: Tables) -> pl.DataFrame:
    """The segments that some published value has."""
    found = segments(computed.results)
    before = _published(context, "segment")
    if before is not None:
        found = pl.concat([found, before.select(found.columns)]).unique(["segment", "dimension"], keep="first")
    used = pl.concat([tables[name].select("segment") for name in ("kpi_value", "metric_value")]).unique()
    table = found.join(used, on="segment", how="semi").sort("segment", "dimension", nulls_last=True)
    return conform(table_named("segment"), table)


def _published(context: Context, name: str) -> pl.DataFrame | None:
    """A table as it was last published; None where it never was, or was by an older version with other columns."""
    table = TableRef("kpi", name)
    columns = context.warehouse.table_columns(table)
    if set(columns) != set(table_named(name).schema):
        return None
    return context.warehouse.fetch(f'SELECT * FROM "kpi"."{name}"')


def _check_results(context: Context) -> pl.DataFrame:
    """The results of this run and, for what was not checked again, of the run that checked it last."""
    table = table_named("check_result")
    project = context.project
    assets = [
        *(f"raw/{name}" for name in project.sources),
        *(f"model/{name}" for name in project.models),
        *(f"kpi/{name}" for name in project.kpis),
    ]
    rows = [{name: getattr(one, name) for name in table.schema} for one in all_checks(context.warehouse, assets)]
    return conform(table, pl.DataFrame(rows, schema=table.schema)).sort("asset", "check_name")


def _findings(context: Context) -> pl.DataFrame:
    table = table_named("lint_result")
    rows = [
        {
            "rule": one.rule,
            "level": one.level,
            "subject": one.subject,
            "message": one.message,
            "hint": one.hint,
            "defined_in": f"{one.place.file}:{one.place.line}" if one.place else None,
        }
        for one in findings(context.project)
    ]
    return conform(table, pl.DataFrame(rows, schema=table.schema))


def _through(context: Context, computed: Computed, through: date | None) -> date | None:
    """The day before which the newest data is complete, also that of KPIs this run did not compute."""
    before = _published(context, "snapshot")
    if before is None or computed.kpis.issuperset(context.project.kpis):
        return through
    return max((day for day in (through, *before["data_through"]) if day), default=None)


def _snapshot(context: Context, through: date | None) -> pl.DataFrame:
    table = table_named("snapshot")
    row = {
        "run_id": context.run_id,
        "published_at": context.finished_at,
        "schema_version": SCHEMA_VERSION,
        "definition_version": project_version(context.project),
        "data_through": through,
    }
    return conform(table, pl.DataFrame([row], schema=table.schema))
