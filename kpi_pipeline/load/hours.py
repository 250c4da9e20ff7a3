"""Hours are asked only of what has the time of day, and what looks at hours is asked by hour."""

from __future__ import annotations

from collections.abc import Iterator

from kpi_pipeline.errors import Problem
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.load.references import metrics_below
from kpi_pipeline.load.typed import Typed, type_of
from kpi_pipeline.metrics import Conversion, Cumulative, Metric, Retention, Simple
from kpi_pipeline.names import TableRef
from kpi_pipeline.periods import Grain
from kpi_pipeline.project import Project


def hours_misfit(project: Project, kpi: Kpi) -> Iterator[Problem]:
    """A KPI by hour whose metric follows events, or one by day or longer whose metric looks at hours."""
    for metric in metrics_below(project, kpi.metric):
        why = None
        if kpi.grain is Grain.hour and _is_of_days(metric):
            why, instead = "follows events from day to day", "day"
        elif kpi.grain is not Grain.hour and _is_of_hours(metric):
            why, instead = "looks at hours", "hour"
        if why:
            yield Problem(
                f"KPI '{kpi.name}' has the grain {kpi.grain}, but metric '{metric.name}' {why}.",
                project.place("kpis", kpi.name, "grain"),
                f"give the KPI the grain {instead}, or take another metric ({project.place('metrics', metric.name)})",
            )


def days_by_hour(project: Project, columns: Typed) -> Iterator[Problem]:
    """What is asked by hour, but counts its rows on days; columns with the types that are known of models."""
    asked = {kpi.metric: ("kpis", kpi.name, "grain") for kpi in project.kpis.values() if kpi.grain is Grain.hour}
    if Grain.hour in project.settings.publish.grains:
        fit = {one for one in project.metrics if not any(_is_of_days(below) for below in metrics_below(project, one))}
        asked = dict.fromkeys(sorted(fit), ("project", "publish", "grains")) | asked
    for name, where in asked.items():
        for metric in metrics_below(project, name):
            if isinstance(metric, Simple) and _counts_on_days(project, metric, columns):
                yield Problem(
                    f"Metric '{name}' is wanted by hour, but the rows of model '{metric.model}' count on days.",
                    project.place(*where),
                    "use the grain day, or time columns with the time of day (agg_time_dimension, both ends of active)",
                )
    for cumulative in project.metrics.values():
        if isinstance(cumulative, Cumulative) and _is_of_hours(cumulative):
            for metric in metrics_below(project, cumulative.name):
                if isinstance(metric, Simple) and _counts_on_days(project, metric, columns):
                    key = "window" if cumulative.window else "grain_to_date"
                    yield Problem(
                        f"Metric '{cumulative.name}' looks at hours, but the rows of model '{metric.model}' count on "
                        "days.",
                        project.place("metrics", cumulative.name, key),
                        f"write '{key}' in days, or take a time column with the time of day (agg_time_dimension)",
                    )


def _is_of_days(metric: Metric) -> bool:
    return isinstance(metric, Conversion | Retention)


def _is_of_hours(metric: Metric) -> bool:
    if not isinstance(metric, Cumulative):
        return False
    return Grain.hour in (metric.grain_to_date, metric.window.grain if metric.window else None)


def _counts_on_days(project: Project, metric: Simple, columns: Typed) -> bool:
    model = project.models.get(metric.model)
    if model is None:
        return False
    active = metric.active
    names = (active.from_, active.to) if active else (model.counts_by(metric.agg_time_dimension),)
    declared = [(model.dimension(name), name) for name in names]
    table = TableRef("model", model.name)
    if not columns.get(table) and model.table:
        schema, _, name = model.table.partition(".")
        table = TableRef(schema, name)
    return any(type_of(columns, table, one.column if one else name) == "DATE" for one, name in declared)
