"""The values of a project after a run's stages up to derive: what judging and publishing start from."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from kpi_pipeline.compile import compile_project
from kpi_pipeline.derive import derive
from kpi_pipeline.ingest import source_states
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.pipeline.coverage import calendar_for, coverage_of
from kpi_pipeline.pipeline.load_sources import load_sources, stage_sources
from kpi_pipeline.pipeline.make_models import make_models
from kpi_pipeline.pipeline.read_partials import keep_answers
from kpi_pipeline.pipeline.reduce_models import read_all, reduce_models
from kpi_pipeline.pipeline.watch import Quiet
from kpi_pipeline.plan import Series
from kpi_pipeline.project import Project
from kpi_pipeline.store import Warehouse


def computed(
    project: Project, warehouse: Warehouse, *, now: datetime, full: bool = False
) -> dict[Series, pl.DataFrame]:
    """Loads what changed, reduces what that touched, and derives every series."""
    context = Context(project, warehouse, f"run at {now}", now, Quiet(), full=full)
    plan = compile_project(project)
    loaded = load_sources(context, stage_sources(context, list(project.sources)), source_states(warehouse))
    models = make_models(context, plan, loaded.states, loaded.blocked)
    partials = read_all(context, plan, reduce_models(context, plan, loaded, models))
    coverage = coverage_of(plan.derivations, partials, loaded.states, context.today)
    calendar = calendar_for(project, coverage, now.date(), warehouse)
    values = derive(plan.series, plan.derivations, partials, calendar, coverage, dense=True)
    keep_answers(partials)
    return values
