"""Conversion and retention metrics fit the metrics they count and the models that hold their entity."""

from __future__ import annotations

from collections.abc import Iterator

from kpi_pipeline.errors import Problem, did_you_mean, listed
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.load.references import inputs_with_keys, metrics_below
from kpi_pipeline.metrics import Agg, Conversion, Metric, Retention, Simple
from kpi_pipeline.models import Model
from kpi_pipeline.plan.cohorts import add_up
from kpi_pipeline.project import Project

COUNTED = (Agg.count, Agg.count_distinct, Agg.sum, Agg.sum_boolean)
"""How the metrics of a conversion may aggregate: so that each event adds something of its own."""


def unfit_event_metrics(project: Project) -> Iterator[Problem]:
    """A problem for each conversion and retention metric that could not be computed as it is written."""
    for metric in project.metrics.values():
        match metric:
            case Conversion():
                for (key,), used in inputs_with_keys(metric):
                    yield from _counted(project, metric, key, project.metrics.get(used.name))
            case Retention():
                if metric.model in project.models:
                    yield from _has_entity(project, metric, project.models[metric.model])
    for kpi in project.kpis.values():
        yield from _finer_than_cohorts(project, kpi)


def _counted(project: Project, metric: Conversion, key: str, used: Metric | None) -> Iterator[Problem]:
    if used is None:
        return
    if not isinstance(used, Simple) or used.agg not in COUNTED or used.is_stock:
        what = f"is of type {used.type}" if not isinstance(used, Simple) else f"aggregates by {used.agg}"
        yield Problem(
            f"Metric '{metric.name}' follows the events of '{used.name}', which "
            + ("is a stock." if isinstance(used, Simple) and used.is_stock else f"{what}."),
            project.place("metrics", metric.name, key),
            f"'{key}' is a simple metric that aggregates rows by {listed(COUNTED)}",
        )
    elif used.model in project.models:
        yield from _has_entity(project, metric, project.models[used.model], f" ('{key}' is computed from it)")


def _has_entity(project: Project, metric: Conversion | Retention, model: Model, why: str = "") -> Iterator[Problem]:
    names = [one.name for one in model.entities]
    if metric.entity in names:
        return
    near = did_you_mean(metric.entity, names)
    add = f"add {{name: {metric.entity}, type: foreign, expr: ...}} to the entities of model '{model.name}'"
    yield Problem(
        f"Metric '{metric.name}' follows the entity '{metric.entity}', which model '{model.name}' does not have{why}.",
        project.place("metrics", metric.name, "entity"),
        near or (f"it has {listed(names)}; or {add}" if names else add),
    )


def _finer_than_cohorts(project: Project, kpi: Kpi) -> Iterator[Problem]:
    """A period that is no whole number of cohorts has no retention."""
    for metric in metrics_below(project, kpi.metric):
        if isinstance(metric, Retention) and not add_up(metric.cohort_grain, kpi.grain):
            rests = (
                f"'{kpi.metric}'" if metric.name == kpi.metric else f"'{kpi.metric}' rests on '{metric.name}', which"
            )
            yield Problem(
                f"KPI '{kpi.name}' has the grain {kpi.grain}, but its metric {rests} has cohorts by "
                f"{metric.cohort_grain}, and no {kpi.grain} is made of these.",
                project.place("kpis", kpi.name, "grain"),
                f"give the KPI the grain {metric.cohort_grain}, or the metric another 'cohort_grain' "
                f"({project.place('metrics', metric.name, 'cohort_grain')})",
            )
