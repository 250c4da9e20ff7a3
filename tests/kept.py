"""Partial results as a run leaves them behind, of everything that will be asked: questions after it need no rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from kpi_pipeline.compile import compile_project
from kpi_pipeline.compile.canonical import condition_asked
from kpi_pipeline.ingest import source_states
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.pipeline.kept import Kept, Scan, kept_by_runs
from kpi_pipeline.pipeline.load_sources import Loaded
from kpi_pipeline.pipeline.make_models import Models
from kpi_pipeline.pipeline.reduce_models import reduce_models
from kpi_pipeline.plan import Plan, Reduction
from tests.engine import Engine, Through, note_through

Asked = tuple[Sequence[str], Mapping[str, Any]]
"""Metrics, and what is asked of them."""


def after_a_run(on_rows: Engine, questions: Sequence[Asked]) -> Engine:
    """The engine after a run of a project whose KPIs have every metric at the grains and dimensions of the questions."""
    engine = replace(on_rows, project=replace(on_rows.project, kpis=_kpis(questions)))
    known = source_states(engine.warehouse)
    for name in engine.tables:
        if name not in known:
            note_through(engine.warehouse, name, Through(None, None))
    loaded = Loaded(source_states(engine.warehouse), {}, {}, (), (), 0, 0)
    reduce_models(engine.context(), compile_project(engine.project), loaded, Models({}, {}, (), ()))
    return engine


def ways_of(engine: Engine, plan: Plan) -> dict[Reduction, Kept | Scan]:
    """How each pass of a question is come by."""
    kept = kept_by_runs(engine.context(), plan)
    return {one: kept.way(one) for one in plan.reductions}


def _kpis(questions: Sequence[Asked]) -> dict[str, Kpi]:
    """A KPI for each metric and grain, broken down by whatever questions group it by or restrict it to."""
    wanted: dict[tuple[str, str], dict[tuple[str, ...], None]] = defaultdict(lambda: {(): None})
    for metrics, asks in questions:
        columns = condition_asked(asks["where"])[1] if asks.get("where") else ()
        dimensions = sorted({*asks.get("by", ()), *(one for one in columns if not one.startswith("metric("))})
        for metric in metrics:
            wanted[metric, asks.get("grain") or "month"][tuple(dimensions)] = None
    made = {}
    for number, ((metric, grain), breakdowns) in enumerate(wanted.items()):
        made[f"kpi_{number}"] = Kpi(
            name=f"kpi_{number}", metric=metric, direction="up", grain=grain, breakdowns=tuple(breakdowns)
        )
    return made
