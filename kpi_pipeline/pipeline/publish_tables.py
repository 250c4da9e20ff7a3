"""The last stages: the new tables are put together, checked, swapped in, and shown to readers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import polars as pl

from kpi_pipeline.calendar import Calendar, build_calendar
from kpi_pipeline.checks.naming import OF_PUBLISHING
from kpi_pipeline.checks.result import CheckResult
from kpi_pipeline.judge import classify, goal_scores, headline, verdicts_of
from kpi_pipeline.load import findings
from kpi_pipeline.names import TableRef
from kpi_pipeline.periods import Grain
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.pipeline.evidence import FoundOut
from kpi_pipeline.pipeline.framework_tables import framework_tables
from kpi_pipeline.pipeline.frozen import Frozen
from kpi_pipeline.pipeline.frozen_check import refused_table
from kpi_pipeline.pipeline.holiday_days import holiday_days
from kpi_pipeline.pipeline.known_values import known_from
from kpi_pipeline.pipeline.restatements import check_said, keep_said, moment_of
from kpi_pipeline.pipeline.source_rows import source_rows
from kpi_pipeline.pipeline.target_checks import segments_with_targets
from kpi_pipeline.pipeline.to_postgres import serve
from kpi_pipeline.pipeline.today import day_of_each
from kpi_pipeline.plan import Plan, Series, fingerprint
from kpi_pipeline.project import Project
from kpi_pipeline.publish import (
    SCHEMA_VERSION,
    TABLES,
    Keeping,
    all_views,
    calendar_tables,
    conform,
    definition_tables,
    empty_frame,
    encoded,
    in_batches,
    indicator_table,
    keep_snapshot,
    metric_values,
    of_rows,
    project_version,
    segments,
    table_named,
    table_statements,
    view_statements,
    write_parquet,
    write_scorecard,
)
from kpi_pipeline.publish.scorecard import (
    COMPARED,
    OF_TOTALS,
    PARAMETERS,
    values_compared,
    values_restated,
    values_shown,
)
from kpi_pipeline.quality import check_frames, kpi_check_targets
from kpi_pipeline.quality.kpi_tables import check_kpi_values
from kpi_pipeline.segments import TOTAL
from kpi_pipeline.store.checks import all_checks, all_remembered, remember_all
from kpi_pipeline.store.evidence import keep_evidence
from kpi_pipeline.store.history import PUBLISHED as HISTORY
from kpi_pipeline.store.runs import Outcome, note_published, runs, stages
from kpi_pipeline.store.snapshot import Since, write_snapshot
from kpi_pipeline.store.values import Change, change_of, write_change
from kpi_pipeline.store.warehouse import quoted

Tables = dict[str, pl.DataFrame]


KPI_VALUE, METRIC_VALUE = TableRef("kpi", "kpi_value"), TableRef("kpi", "metric_value")
VALUES = (KPI_VALUE.name, METRIC_VALUE.name)
LARGE = (*VALUES, HISTORY.name)
"""The tables that are changed in parts."""


@dataclass(frozen=True)
class Computed:
    """What this run computed, and which of the KPIs and metrics stay as they were published."""

    results: Mapping[Series, pl.DataFrame]
    kpi_value: pl.DataFrame
    kpis: frozenset[str]
    metrics: frozenset[str]
    drivers: pl.DataFrame
    targets: pl.DataFrame
    """The numbers that all targets give, as they were when it judged."""
    projections: pl.DataFrame = field(kw_only=True)
    """Where the periods in progress of KPIs will end."""
    frozen: Frozen = field(kw_only=True)
    """What stays as it was published although the data may say something else."""


@dataclass(frozen=True)
class SwappedIn:
    """The new tables of the warehouse but for the large ones, of which it says what changed, and since which run."""

    tables: Tables
    values: Mapping[str, Change]
    since: str | None
    restated: int
    """How many values of complete periods are said differently now."""
    checks: tuple[CheckResult, ...]
    """Whether some of them moved by more than is taken for granted."""

    @property
    def written(self) -> Since | None:
        """What readers of an earlier file miss; None where everything is new to them."""
        if self.since is None or any(change.whole for change in self.values.values()):
            return None
        return Since(self.since, self.values)


def few_at_a_time(
    project: Project, kpis: Collection[str], results: Mapping[Series, pl.DataFrame]
) -> Iterator[frozenset[str]]:
    """The KPIs in groups that are judged together: as tables of texts all of them would take much memory."""
    heights: Counter[tuple[str, Grain | None]] = Counter()
    for series, frame in results.items():
        heights[series.metric, series.grain] += frame.height
    sizes = {name: heights[project.kpis[name].metric, project.kpis[name].grain] for name in sorted(kpis)}
    yield from map(frozenset, in_batches(sizes))


def kpi_rows(judged: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """What was judged as rows of the table of KPI values."""
    table = table_named(KPI_VALUE.name)
    return pl.concat([encoded(table, empty_frame(table)), *(encoded(table, one) for one in judged if one.height)])


def kpi_values(context: Context, computed: Computed) -> Change:
    """What becomes of the table of KPI values."""
    return _change(context, KPI_VALUE, "kpi", computed.kpi_value, computed.kpis, context.project.kpis)


def metric_changes(context: Context, computed: Computed, calendar: Calendar) -> Change:
    """What becomes of the table of metric values."""
    values = metric_values(computed.results, calendar)
    return _change(context, METRIC_VALUE, "metric", values, computed.metrics, context.project.metrics)


def check_kpis(context: Context, computed: Computed, change: Change) -> tuple[CheckResult, ...]:
    """The values of every KPI just computed, and their targets, checked before anybody sees them.

    Parts of KPIs that are as they were published passed then. Where a KPI's values and targets are exactly those that
    were checked last, what was found then stands.
    """
    about = _about(context.project, change, computed)
    known = {} if context.full else all_remembered(context.warehouse, [f"kpi/{name}" for name in about])
    asked = [name for name, key in about.items() if known.get(f"kpi/{name}", ("",))[0] != key]
    found: dict[str, list[CheckResult]] = {f"kpi/{name}": [] for name in asked}
    if asked:
        for one in _checked(context, computed, change, asked):
            found[one.asset].append(one)
        remember_all(
            context.warehouse,
            {
                asset: (about[asset.removeprefix("kpi/")] if all(one.was_made for one in results) else "", results)
                for asset, results in found.items()
            },
        )
    results = [found[asset] if asset in found else known[asset][1] for asset in (f"kpi/{name}" for name in about)]
    return tuple(one for of_kpi in results for one in of_kpi if one.check_name not in OF_PUBLISHING)


def _about(project: Project, change: Change, computed: Computed) -> dict[str, str]:
    """What the checks of each KPI with values are about: its values, part by part, its targets, and what is asked."""
    parts = change.parts.filter(pl.col("name").is_in(list(computed.kpis))).partition_by("name", as_dict=True)
    aims = computed.targets.partition_by("kpi", as_dict=True)
    asked = {name: [check.model_dump_json() for check in project.kpis[name].checks] for name in computed.kpis}
    return {
        str(name): fingerprint(of_kpi.rows(), aims[name,].rows() if (name,) in aims else [], *asked[str(name)])
        for (name,), of_kpi in sorted(parts.items())
    }


def _checked(context: Context, computed: Computed, change: Change, asked: Sequence[str]) -> Iterator[CheckResult]:
    """The checks of some KPIs: of the rows that are new where these pass and others are known to, else of all rows."""
    values = computed.kpi_value.filter(pl.col("kpi").is_in(list(asked)))
    new = change.rows.filter(pl.col("kpi").is_in(list(asked)))
    results: tuple[CheckResult, ...] = ()
    if new.height < values.height and new.get_column("kpi").n_unique() == len(asked):
        heights = dict(values.group_by(pl.col("kpi").cast(pl.String)).len().iter_rows())
        results = check_kpi_values(new, as_of=context.now, docs=context.docs, heights=heights)
    if not results or not all(one.passed for one in results):
        results = check_kpi_values(values, as_of=context.now, docs=context.docs)
    yield from results
    yield from check_frames(segments_with_targets(computed.targets, values, asked), as_of=context.now)
    kpis = [context.project.kpis[name] for name in asked]
    declared = [one for kpi in kpis for one in kpi_check_targets(kpi, values.filter(pl.col("kpi") == kpi.name))]
    yield from check_frames(declared, as_of=context.now)


def swap_in(
    context: Context,
    plan: Plan,
    computed: Computed,
    values: Change,
    evidence: FoundOut,
    calendar: Calendar,
    through: date | None,
    outcome: Outcome,
) -> SwappedIn:
    """Replaces what changed of the published tables of the warehouse, all of it or nothing."""
    warehouse = context.warehouse
    changes = {KPI_VALUE.name: values, METRIC_VALUE.name: metric_changes(context, computed, calendar)}
    before = _published(context, "snapshot")
    through = _through(context, computed, through, before)
    moment = moment_of(context)
    with warehouse.transaction():
        for change in changes.values():
            write_change(warehouse, change)
        recorded = keep_said(context, plan, computed, values, moment)
        refused = refused_table(warehouse)
        checks = check_said(context, computed.kpis, moment, refused)
        keep_evidence(warehouse, evidence.fresh)
        note_published(warehouse, context.run_id, moment)
        assembled = assemble(context, computed, evidence.tables, calendar, through, moment)
        assembled["kpi_refused"] = refused
        tables = with_runs(context, assembled, outcome._replace(values_restated=recorded.restated))
        for name, frame in tables.items():
            warehouse.replace_table(TableRef("kpi", name), frame)
    changes[HISTORY.name] = recorded.change
    since = None if before is None else before.get_column("run_id").item()
    return SwappedIn(tables, changes, since, recorded.restated, checks)


def assemble(
    context: Context, computed: Computed, evidence: Tables, calendar: Calendar, through: date | None, moment: datetime
) -> Tables:
    """All published tables but the large ones, which are in the warehouse by now."""
    project = context.project
    classified = classify(project, verdicts_of(evidence["kpi_evidence"]))
    tables: Tables = {table.name: empty_frame(table) for table in TABLES if table.name not in LARGE}
    days = day_of_each(project, context.today, context.warehouse.rows, schema="kpi")
    tables |= definition_tables(project, headline(project, classified), days)
    tables["kpi_indicator"] = indicator_table(classified)
    tables |= evidence
    around = _around(context, calendar)
    tables |= calendar_tables(around, hours=_by_hour(context), holidays=holiday_days(project, context.warehouse))
    totals = _totals(context)
    tables["lint_result"] = _findings(context, totals, tables["kpi_evidence"], days)
    scores = goal_scores(project, totals, around)
    tables["goal_score"] = conform(table_named("goal_score"), scores) if scores.height else tables["goal_score"]
    tables |= framework_tables(
        context,
        totals=totals,
        scores=tables["goal_score"],
        evidence=tables["kpi_evidence"],
        targets=computed.targets,
        days=days,
    )
    tables["segment"] = _segments(context, computed)
    tables["kpi_driver"] = _drivers(context, computed)
    tables["kpi_projection"] = _projections(context, computed)
    tables["check_result"] = _check_results(context)
    tables["source_status"] = source_rows(context)
    tables["snapshot"] = _snapshot(context, through, moment)
    return tables


def with_runs(context: Context, tables: Tables, outcome: Outcome) -> Tables:
    """The tables with the runs so far, this one as it will have ended once readers see them."""
    table = table_named("run")
    this_one = pl.col("run_id") == context.run_id
    ends = {name: value for name, value in outcome._asdict().items() if name in table.schema}
    known = runs(context.warehouse).with_columns(
        pl.when(this_one).then(pl.lit(value)).otherwise(name).alias(name) for name, value in ends.items()
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
    # NOTE: what a run failed by is not published: it may tell of a row.
    known = known.drop("problem")
    return tables | {"run": conform(table, known), "run_stage": conform(table_named("run_stage"), taken)}


def show(context: Context, swapped: SwappedIn) -> dict[str, Path]:
    """Writes what readers see: the snapshot file first, then Parquet and the scorecard page, last a database server."""
    publish = context.project.settings.publish
    target = context.project.path(publish.duckdb)
    combinations = _of_values(context, "DISTINCT metric, grain, breakdown", (METRIC_VALUE,))
    views = all_views(context.project, metric_value=combinations, segment=swapped.tables["segment"])
    statements = view_statements(views)
    file = write_snapshot(context.warehouse, target, tables=table_statements(), views=statements, since=swapped.written)
    keeping = Keeping(publish.keep, publish.keep_for)
    keep_snapshot(target, context.run_id, keeping)
    written = {"tables": file.path}
    context.watch.step("kpi.duckdb")
    if publish.parquet:
        tables = swapped.tables | {name: _in_order(context, name) for name in LARGE}
        written["parquet"] = write_parquet(tables, context.project.path(publish.parquet), context.run_id, keeping)
        context.watch.step("parquet")
    if publish.scorecard:
        written["scorecard"] = write_scorecard(
            swapped.tables | _on_scorecard(context),
            context.project.path(publish.scorecard),
            title=context.project.settings.title,
            attribution=publish.attribution,
            published=[one for one in (publish.duckdb, publish.parquet) if one],
        )
        context.watch.step("scorecard")
    heights = {name: change.height for name, change in swapped.values.items()}
    serve(context, swapped.tables, heights, views, swapped.written)
    return written


def _change(
    context: Context,
    table: TableRef,
    key: str,
    values: pl.DataFrame,
    computed: frozenset[str],
    defined: Mapping[str, object],
) -> Change:
    return change_of(
        context.warehouse, table, values, key=key, computed=computed, defined=defined.keys(), whole=context.full
    )


def _of_values(context: Context, what: str, tables: Iterable[TableRef] = (KPI_VALUE, METRIC_VALUE)) -> pl.DataFrame:
    """Something of all rows of the tables of values."""
    return pl.concat([context.warehouse.fetch(f"SELECT {what} FROM {quoted(table)}") for table in tables])


def _in_order(context: Context, name: str) -> pl.DataFrame:
    """All rows of a table of values, each series together and from its beginning."""
    key = table_named(name).schema.names()[0]
    order = f'"{key}", grain, breakdown, segment, period_start_utc'
    return context.warehouse.fetch(f'SELECT * FROM "kpi"."{name}" ORDER BY {order}')


def _on_scorecard(context: Context) -> Tables:
    """The values that pages show, and no others: they are read once more, from where they are."""
    return {
        KPI_VALUE.name: context.warehouse.fetch(values_shown(KPI_VALUE), PARAMETERS),
        METRIC_VALUE.name: context.warehouse.fetch(values_compared(METRIC_VALUE.schema), COMPARED),
        HISTORY.name: context.warehouse.fetch(values_restated(HISTORY), OF_TOTALS),
    }


def _totals(context: Context) -> pl.DataFrame:
    """The KPI values that are of no segment, each series from its beginning."""
    order = "kpi, grain, breakdown, period_start_utc"
    return context.warehouse.fetch(f"SELECT * FROM {quoted(KPI_VALUE)} WHERE segment = ? ORDER BY {order}", [TOTAL])


def _by_hour(context: Context) -> bool:
    """Whether anything is published by hour."""
    return Grain.hour.value in _of_values(context, "DISTINCT grain").get_column("grain")


def _around(context: Context, calendar: Calendar) -> Calendar:
    """The calendar of all periods that have values, also of those that this run did not compute."""
    spans = _of_values(context, "min(period_start) AS first, max(last_day) AS last").drop_nulls()
    if spans.is_empty():
        return calendar
    first, last = spans.select(pl.col("first").min(), pl.col("last").max()).row(0)
    return build_calendar(first, last, calendar.rules)


def _segments(context: Context, computed: Computed) -> pl.DataFrame:
    """The segments that some published value has."""
    found = segments(computed.results)
    before = _published(context, "segment")
    if before is not None:
        found = pl.concat([found, before.select(found.columns)]).unique(["segment", "dimension"], keep="first")
    used = _of_values(context, "DISTINCT segment").unique()
    table = found.join(used, on="segment", how="semi").sort("segment", "dimension", nulls_last=True)
    return conform(table_named("segment"), table)


def _drivers(context: Context, computed: Computed) -> pl.DataFrame:
    """Why KPIs changed; of those that this run did not compute, as it was published."""
    found = _beside_others(context, computed, "kpi_driver", computed.drivers)
    return found.sort("kpi", "against", "breakdown", "segment", "effect", "input")


def _projections(context: Context, computed: Computed) -> pl.DataFrame:
    """How ends of periods were projected; of KPIs that this run did not compute, as it was published."""
    found = _beside_others(context, computed, "kpi_projection", computed.projections)
    return found.sort("kpi", "breakdown", "segment", "period_start")


def _beside_others(context: Context, computed: Computed, name: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of the KPIs that were computed, and those that are published of the others."""
    found = conform(table_named(name), rows.filter(pl.col("kpi").is_in(sorted(computed.kpis))))
    before = _published(context, name)
    if before is None:
        return found
    others = set(context.project.kpis) - computed.kpis
    return pl.concat([found, before.filter(pl.col("kpi").is_in(sorted(others))).select(found.columns)])


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
    return of_rows(table, rows).sort("asset", "check_name")


def _findings(context: Context, totals: pl.DataFrame, evidence: pl.DataFrame, days: Mapping[str, date]) -> pl.DataFrame:
    """What `kpi check` would say of these definitions beside these values."""
    known = known_from(context.project, totals, evidence, days)
    rows = [
        {
            "rule": one.rule,
            "level": one.level,
            "subject": one.subject,
            "message": one.message,
            "hint": one.hint,
            "defined_in": one.place.in_file if one.place else None,
        }
        for one in findings(context.project, known)
    ]
    return of_rows(table_named("lint_result"), rows)


def _through(context: Context, computed: Computed, through: date | None, before: pl.DataFrame | None) -> date | None:
    """The day before which the newest data is complete, also that of KPIs this run did not compute."""
    if before is None or computed.kpis.issuperset(context.project.kpis):
        return through
    return max((day for day in (through, *before["data_through"]) if day), default=None)


def _snapshot(context: Context, through: date | None, moment: datetime) -> pl.DataFrame:
    row = {
        "run_id": context.run_id,
        "published_at": moment,
        "schema_version": SCHEMA_VERSION,
        "definition_version": project_version(context.project),
        "data_through": through,
    }
    return of_rows(table_named("snapshot"), [row])
