"""The first two stages alone: sources and models brought up to date and checked; no KPI computed, nothing published."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime

from kpi_pipeline.compile.models import plan_models
from kpi_pipeline.ingest import HandedBy, source_states
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.pipeline.keys_of_sources import with_those_pointed_to
from kpi_pipeline.pipeline.load_sources import load_sources, stage_sources
from kpi_pipeline.pipeline.make_models import make_models
from kpi_pipeline.pipeline.opened import PATIENCE, end_badly, opened
from kpi_pipeline.pipeline.report import RunReport
from kpi_pipeline.pipeline.telling import (
    tell_assets,
    tell_blocked,
    tell_end,
    told_if_it_fails,
)
from kpi_pipeline.pipeline.watch import Watch
from kpi_pipeline.plan import Plan
from kpi_pipeline.project import Project
from kpi_pipeline.publish import project_version
from kpi_pipeline.store.runs import Outcome, begin_run, end_run


def load_tables(
    project: Project,
    *,
    sources: Iterable[str] = (),
    models: Iterable[str] = (),
    full: bool = False,
    wait: float = PATIENCE,
    watch: Watch | None = None,
    now: datetime | None = None,
    handed: HandedBy | None = None,
) -> RunReport:
    """Brings the sources and models named up to date, with everything the models read; the next run goes on from there.

    Raises:
        DefinitionError, DataError, WarehouseBusy, StorageError: what was let in before stays as it was.
    """
    began = time.perf_counter()
    plan = Plan(plan_models(project, frozenset(models)), (), {}, ())
    asked = {*sources, *(source for model in plan.models for source in model.sources)}
    needed = [one for one in with_those_pointed_to(project, sorted(asked)) if one in asked]
    with told_if_it_fails(), opened(project, wait=wait, watch=watch, now=now, full=full, handed=handed) as context:
        begin_run(context.warehouse, context.run_id, context.now, project_version(project))
        try:
            report = _load(context, plan, needed, began)
        except BaseException as problem:
            end_badly(context, problem)
            raise
        raw = [one for one in report.assets if one.asset.startswith("raw/")]
        read = sum((one.rows or 0) + one.quarantined for one in raw if one.changed)
        outcome = Outcome(report.status, read, sum(one.quarantined for one in raw))
        end_run(context.warehouse, context.run_id, outcome, finished_at=context.finished_at, stages=context.taken)
        tell_assets(report.assets, report.checks)
        tell_blocked(report.blocked)
        return tell_end(report, rows_read=read, quarantined=outcome.rows_quarantined)


def _load(context: Context, plan: Plan, sources: list[str], began: float) -> RunReport:
    with context.stage("ingest", 2 * len(sources)) as rows:
        before = source_states(context.warehouse)
        loaded = load_sources(context, stage_sources(context, sources), before)
        rows.append(loaded.rows_read)
    with context.stage("model", len(plan.models)) as rows:
        models = make_models(context, plan, loaded.states, loaded.blocked)
        rows.extend(one.rows or 0 for one in models.assets)
    blocked = {f"raw/{name}": why for name, why in loaded.blocked.items()}
    blocked |= {f"model/{name}": why for name, why in models.blocked.items()}
    return RunReport(
        context.run_id,
        "blocked" if blocked else "loaded",
        time.perf_counter() - began,
        {},
        tuple(context.taken),
        (*loaded.assets, *models.assets),
        (*loaded.checks, *models.checks),
        blocked,
        crossed=context.clusters.crossed(),
    )
