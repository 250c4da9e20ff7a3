"""Metrics that are stocks fit the models they are computed from and the metrics that use them."""

from __future__ import annotations

from collections.abc import Iterator

from kpi_pipeline.errors import Problem, did_you_mean, listed
from kpi_pipeline.metrics import Cumulative, Simple
from kpi_pipeline.metrics.stock import Active, NonAdditiveDimension
from kpi_pipeline.models import Model
from kpi_pipeline.project import Project


def unfit_stocks(project: Project) -> Iterator[Problem]:
    """A problem for each stock that could not be computed as it is written, and for each use that would add it up."""
    for metric in project.metrics.values():
        if isinstance(metric, Simple) and metric.model in project.models:
            model = project.models[metric.model]
            if metric.active:
                yield from _active(project, metric, metric.active, model)
            if metric.non_additive_dimension:
                yield from _moment(project, metric, metric.non_additive_dimension, model)
                yield from _groupings(project, metric, metric.non_additive_dimension, model)
        if isinstance(metric, Cumulative):
            yield from _accumulated(project, metric)


def _active(project: Project, metric: Simple, active: Active, model: Model) -> Iterator[Problem]:
    for key, name in (("from", active.from_), ("to", active.to)):
        declared = model.dimension(name)
        if declared and declared.type != "time":
            yield Problem(
                f"Metric '{metric.name}': 'active.{key}' is '{name}', which is not a time dimension.",
                project.place("metrics", metric.name, "active", key),
                f"write {{name: {name}, type: time}} in the dimensions of model '{model.name}', or name another column",
            )


def _moment(project: Project, metric: Simple, stock: NonAdditiveDimension, model: Model) -> Iterator[Problem]:
    time = metric.agg_time_dimension or model.agg_time_dimension
    if time is None:
        return
    times = [one.name for one in model.dimensions if one.type == "time"]
    place = project.place("metrics", metric.name, "non_additive_dimension", "name")
    if stock.name != time and stock.name not in times:
        declared = model.dimension(stock.name)
        add = f"write {{name: {stock.name}, type: time}} among the dimensions of model '{model.name}'"
        yield Problem(
            f"Metric '{metric.name}': 'non_additive_dimension' is '{stock.name}', which is no time dimension of model "
            f"'{model.name}'.",
            place,
            add if declared else did_you_mean(stock.name, [time, *times]) or add,
        )
    elif stock.carry_forward and stock.name != time:
        yield Problem(
            f"Metric '{metric.name}' carries forward by '{stock.name}', but its rows count by '{time}'.",
            place,
            f"what is carried forward goes by the metric's own time: name: {time}, or agg_time_dimension: {stock.name}",
        )


def _groupings(project: Project, metric: Simple, stock: NonAdditiveDimension, model: Model) -> Iterator[Problem]:
    known = [*(one.name for one in model.entities), *(one.name for one in model.dimensions)]
    for number, name in enumerate(stock.window_groupings):
        if name not in known:
            has = f"it has {listed(known)}" if known else f"add it to the entities of model '{model.name}'"
            yield Problem(
                f"Metric '{metric.name}': 'window_groupings' has '{name}', which is no entity or dimension of model "
                f"'{model.name}'.",
                project.place("metrics", metric.name, "non_additive_dimension", "window_groupings", str(number)),
                did_you_mean(name, known) or has,
            )


def _accumulated(project: Project, metric: Cumulative) -> Iterator[Problem]:
    used = project.metrics.get(metric.input_metric.name)
    if isinstance(used, Simple) and used.is_stock:
        yield Problem(
            f"Metric '{metric.name}' accumulates '{metric.input_metric.name}', which is a stock.",
            project.place("metrics", metric.name, "input_metric"),
            "what is there at a moment is there again the next day, so it cannot be added up over days: use the stock "
            "itself, or its average, highest or lowest (`window_agg`, `active.at`)",
        )
