"""The whole way, once: ingest, model, reduce, derive, judge, validate, publish."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime

import polars as pl

from kpi_pipeline.calendar import Calendar
from kpi_pipeline.checks.result import CheckResult
from kpi_pipeline.compile import compile_project, selected
from kpi_pipeline.errors import counted
from kpi_pipeline.ingest import HandedBy, source_states
from kpi_pipeline.judge import NOTHING_HELD, judge
from kpi_pipeline.log import tell
from kpi_pipeline.pipeline.blocked import computable, left_out, without
from kpi_pipeline.pipeline.calendar_table import refuse_blocked_calendar
from kpi_pipeline.pipeline.cleaning import keep_house
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.pipeline.coverage import by_calendar, calendar_for, coverage_of, data_through
from kpi_pipeline.pipeline.evidence import evidence_on_links
from kpi_pipeline.pipeline.frozen import hold, without_moved
from kpi_pipeline.pipeline.given_targets import given_targets
from kpi_pipeline.pipeline.keys_of_sources import with_those_pointed_to
from kpi_pipeline.pipeline.known_columns import refuse_unknown_columns
from kpi_pipeline.pipeline.lineage_told import lineage_told
from kpi_pipeline.pipeline.load_sources import Loaded, load_sources, say_notes, stage_sources
from kpi_pipeline.pipeline.make_models import make_models
from kpi_pipeline.pipeline.opened import PATIENCE, end_badly, opened
from kpi_pipeline.pipeline.projection import boards, projections
from kpi_pipeline.pipeline.publish_tables import (
    Computed,
    check_kpis,
    few_at_a_time,
    kpi_rows,
    kpi_values,
    show,
    swap_in,
)
from kpi_pipeline.pipeline.read_partials import keep_answers
from kpi_pipeline.pipeline.recall import recalled
from kpi_pipeline.pipeline.reduce_models import read_all, reduce_models
from kpi_pipeline.pipeline.report import RunReport
from kpi_pipeline.pipeline.telling import (
    tell_assets,
    tell_blocked,
    tell_checks,
    tell_end,
    told_if_it_fails,
)
from kpi_pipeline.pipeline.to_postgres import refuse_missing_driver, served
from kpi_pipeline.pipeline.too_small import without_too_small
from kpi_pipeline.pipeline.up_to_date import already_published, is_up_to_date, key_of
from kpi_pipeline.pipeline.watch import Watch
from kpi_pipeline.pipeline.why import derived_with_parts, kpi_drivers
from kpi_pipeline.plan import Derivation, Plan, Series
from kpi_pipeline.project import Project
from kpi_pipeline.publish import project_version
from kpi_pipeline.sources import LakehouseConnector
from kpi_pipeline.store.runs import Outcome, begin_run, end_run, forget_run, note_looked, out_of_date
from kpi_pipeline.store.values import Change


def run(
    project: Project,
    *,
    select: Iterable[str] = (),
    full: bool = False,
    since: date | None = None,
    wait: float = PATIENCE,
    watch: Watch | None = None,
    now: datetime | None = None,
    handed: HandedBy | None = None,
) -> RunReport:
    """Brings the published tables up to date, and says what it did.

    Args:
        project: the definitions.
        select: KPIs, metrics, goals, teams, models or sources to compute; all of them by default.
        full: read every source and compute everything again.
        since: compute again all days from this one on, whatever changed.
        wait: seconds to wait for another run on the same warehouse.
        watch: is told how far the run is.
        now: the moment that counts as now; the clock's by default.
        handed: gives the rows of sources that the caller reads, such as those of Dagster assets.

    Raises:
        DefinitionError, DataError, WarehouseBusy, StorageError: nothing was published; readers see what they saw.
    """
    began = time.perf_counter()
    names = tuple(select)
    with told_if_it_fails():
        kpis, metrics = selected(project, names) if names else (frozenset(project.kpis), frozenset(project.metrics))
        plan = compile_project(project, kpis=kpis, metrics=metrics)
        refuse_missing_driver(project)
        with (
            opened(project, wait=wait, watch=watch, now=now, full=full, since=since, handed=handed) as context,
            lineage_told(context) as told,
        ):
            return told(run_within(context, plan, kpis, whole=not names, began=began))


def run_within(context: Context, plan: Plan, kpis: frozenset[str], *, whole: bool, began: float) -> RunReport:
    """The run itself, in a warehouse that is open; `whole` where it is of all KPIs."""
    project, warehouse = context.project, context.warehouse
    sources = _sources(project, plan, kpis)
    # NOTE: of rows in a lakehouse the columns may be others since; they are looked at with the rows.
    copied = [name for name in sources if not isinstance(project.sources[name].connector, LakehouseConnector)]
    refuse_unknown_columns(project, copied, warehouse)
    version = project_version(project)
    begin_run(warehouse, context.run_id, context.now, version)
    about = counted(len(kpis), "KPI")
    tell("run_started", f"{about} asked for", definition_version=version, kpis=len(kpis), full=context.full)
    try:
        with context.stage("ingest", 2 * len(sources)) as rows:
            staged = stage_sources(context, sources)
            if not context.full and not context.since and is_up_to_date(context, staged):
                forget_run(warehouse, context.run_id)
                note_looked(warehouse, context.now)
                for one in staged.values():
                    say_notes(context, one)
                seconds = time.perf_counter() - began
                report = recalled(context, plan, staged, seconds=seconds, published=already_published(project))
                return tell_end(report, rows_read=0, quarantined=0)
            out_of_date(warehouse)
            loaded = load_sources(context, staged, source_states(warehouse))
            rows.append(loaded.rows_read)
        tell_assets(loaded.assets, loaded.checks)
        return _compute(context, plan, kpis, loaded, whole=whole, began=began)
    except BaseException as problem:
        end_badly(context, problem)
        raise


def _compute(
    context: Context,
    plan: Plan,
    kpis: frozenset[str],
    loaded: Loaded,
    *,
    whole: bool,
    began: float,
) -> RunReport:
    """Everything after the sources are in."""
    project, warehouse = context.project, context.warehouse
    with context.stage("model", len(plan.models)) as rows:
        models = make_models(context, plan, loaded.states, loaded.blocked)
        refuse_blocked_calendar(project, {**loaded.blocked, **models.blocked})
        rows.extend(one.rows or 0 for one in models.assets)
    tell_assets(models.assets, models.checks)
    with context.stage("reduce", len(plan.reductions)) as rows:
        reduced = reduce_models(context, plan, loaded, models)
        rows.append(reduced.rows)
    with context.stage("derive", 1) as rows:
        partials = read_all(context, plan, reduced)
        derivations, stopped = computable(plan, models)
        states = by_calendar(project, loaded.states, warehouse)
        coverage = coverage_of(derivations, partials, states, context.today)
        calendar = calendar_for(project, coverage, context.now.date(), warehouse)
        series = tuple(one for one in plan.series if one.metric in derivations)
        results, made_of = derived_with_parts(project, kpis, series, derivations, partials, calendar, coverage)
        rows.extend(frame.height for frame in results.values())
        context.watch.step(f"{len(results)} series")
    with context.stage("projection", 1):
        in_progress = boards(context, kpis, derivations, results, partials, calendar, coverage)
        keep_answers(partials)
        del partials
    evidence = evidence_on_links(context, results, frozenset(derivations), calendar)
    with context.stage("projection", 1) as rows:
        found = projections(project, in_progress, evidence.tables["kpi_evidence"], results, calendar)
        expected = without_too_small(project, found, results)
        rows.append(expected.height)
        context.watch.step(f"{expected.height} projections")
    blocked = left_out(project, kpis, stopped, loaded, models, warehouse)
    computed = _judged(context, kpis, blocked, derivations, results, made_of, calendar, expected)
    del made_of
    with context.stage("validate", 1):
        computed, change, kpi_checks, failed = _validated(context, computed)
        blocked |= failed
        tell_blocked(blocked)
        context.watch.step(f"{len(kpi_checks)} checks")
    outcome = Outcome(
        "blocked" if blocked else "published",
        loaded.rows_read,
        loaded.rows_quarantined,
        sum(frame.height for frame in results.values()),
    )
    if failed:
        evidence = evidence_on_links(context, computed.results, computed.metrics, calendar, measured=evidence.tested)
    with context.stage("publish", 4) as rows:
        swapped = swap_in(context, plan, computed, change, evidence, calendar, data_through(coverage), outcome)
        context.watch.step("warehouse")
        published = show(context, swapped)
        rows.append(change.height)
    end_run(
        warehouse,
        context.run_id,
        outcome._replace(values_restated=swapped.restated),
        finished_at=context.finished_at,
        up_to_date_key=key_of(context, source_states(warehouse)) if whole and not blocked else None,
        stages=context.taken,
    )
    keep_house(context, plan if whole else None)
    tell_checks(swapped.checks)
    report = RunReport(
        context.run_id,
        "blocked" if blocked else "published",
        time.perf_counter() - began,
        published,
        tuple(context.taken),
        (*loaded.assets, *models.assets),
        (*loaded.checks, *models.checks, *kpi_checks, *swapped.checks),
        blocked,
        computed.kpis,
        served(project),
        context.clusters.crossed(),
    )
    return tell_end(report, rows_read=loaded.rows_read, quarantined=loaded.rows_quarantined)


def _judged(
    context: Context,
    asked: frozenset[str],
    blocked: Mapping[str, str],
    derivations: Mapping[str, Derivation],
    results: Mapping[Series, pl.DataFrame],
    made_of: Mapping[Series, pl.DataFrame],
    calendar: Calendar,
    expected: pl.DataFrame,
) -> Computed:
    """The KPIs against their targets, and what made them change."""
    project, kpis = context.project, frozenset(name for name in asked if f"kpi/{name}" not in blocked)
    with context.stage("judge", 1) as rows:
        targets = given_targets(project, context.warehouse)

        def judged(some: frozenset[str], said: pl.DataFrame) -> pl.DataFrame:
            groups = few_at_a_time(project, some, results)
            return kpi_rows(judge(_only(project, one), results, targets, calendar, expected, said) for one in groups)

        values, frozen = hold(project, context.warehouse, judged(kpis, NOTHING_HELD), judged)
        rows.append(values.height)
        changes = kpi_drivers(project, kpis, derivations, {**results, **made_of}, calendar)
        context.watch.step(f"{len(kpis)} KPIs")
    drivers = without_moved(changes, frozen)
    return Computed(
        results, values, kpis, frozenset(derivations), drivers, targets, projections=expected, frozen=frozen
    )


def _validated(
    context: Context, computed: Computed
) -> tuple[Computed, Change, tuple[CheckResult, ...], dict[str, str]]:
    """What was computed less what fails its checks, what that changes, all results, and why something fails."""
    change = kpi_values(context, computed)
    checks = check_kpis(context, computed, change)
    tell_checks(checks)
    failed = {one.asset: f"{one.asset} fails '{one.check_name}': {one.observed}" for one in checks if one.blocks}
    if failed:
        computed = without(context.project, computed, failed)
        change = kpi_values(context, computed)
    return computed, change, checks, failed


def _sources(project: Project, plan: Plan, kpis: frozenset[str]) -> tuple[str, ...]:
    """The sources that the plan's models read, those that give targets, those of days, and where checks look."""
    read = [source for model in plan.models for source in model.sources]
    given = {kpi.target.table for kpi in project.kpis.values() if kpi.name in kpis and kpi.target and kpi.target.table}
    days = {project.settings.calendar_table or "", project.settings.holiday_table or ""}
    return with_those_pointed_to(project, sorted({*read, *((given | days) & project.sources.keys())}))


def _only(project: Project, kpis: frozenset[str]) -> Project:
    """The project with only some of its KPIs to be judged."""
    return replace(project, kpis={name: kpi for name, kpi in project.kpis.items() if name in kpis})
