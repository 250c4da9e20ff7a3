"""What of a period counts for a simple metric that is a stock."""

from __future__ import annotations

from kpi_pipeline.compile.canonical import canonical
from kpi_pipeline.metrics import Simple
from kpi_pipeline.metrics.stock import NonAdditiveDimension
from kpi_pipeline.models import Model
from kpi_pipeline.plan import Interval, Snapshot

_CHOICES = {"max": "last", "min": "first", "end": "last", "start": "first"}
"""What definitions call the choices of the plan, where they have another word."""


def stock_of(metric: Simple, model: Model) -> Snapshot | Interval | None:
    """The stock a metric is; None for one that is added up over time."""
    if metric.active:
        return Interval(metric.active.to, _CHOICES.get(metric.active.at, metric.active.at))
    if metric.non_additive_dimension:
        return _snapshot(metric.non_additive_dimension, model)
    return None


def _snapshot(stock: NonAdditiveDimension, model: Model) -> Snapshot:
    keys = {one.name: one.key for one in model.entities} | {one.name: one.column for one in model.dimensions}
    return Snapshot(
        moment=stock.name,
        choice=_CHOICES.get(stock.window_agg, stock.window_agg),
        groupings=tuple(canonical(keys[name]) for name in stock.window_groupings),
        carried=stock.carry_forward,
    )
