"""Conversion metrics as measures over matched events."""

from __future__ import annotations

from collections.abc import Sequence

from kpi_pipeline.compile.canonical import all_of, canonical
from kpi_pipeline.compile.currency import converted
from kpi_pipeline.compile.dimensions import columns_of, joined_of
from kpi_pipeline.compile.models import plan_model, quoted_column
from kpi_pipeline.metrics import Agg, Conversion, Simple
from kpi_pipeline.metrics.base import InputMetric
from kpi_pipeline.models import EntityType, Model
from kpi_pipeline.plan import Fold, Leaf, Matching, Measure, Side
from kpi_pipeline.plan.matching import EVENT
from kpi_pipeline.project import Project


def conversions(project: Project, metric: Conversion, filters: Sequence[str]) -> Leaf:
    """The conversions of a metric, each at its base event; `filters` narrow the base events that they stand at.

    NOTE: filters come after the matching. Then a question about France has the numbers that the row of France has in
    the question by country; with filters before it a conversion would move to an earlier base event.
    """
    base, later = _simple(project, metric.base_metric), _simple(project, metric.conversion_metric)
    properties = metric.constant_properties
    added = _added(project, later)
    before = side(project, base, metric.base_metric, metric.entity, [one.base_property for one in properties])
    matching = Matching(
        base=before,
        conversion=side(
            project,
            later,
            metric.conversion_metric,
            metric.entity,
            [one.conversion_property for one in properties],
            added,
        ),
        ties=ties(project.models[base.model], before.keys),
        expr=added,
        window=metric.window,
    )
    fold = {Agg.sum: Fold.sum, Agg.count_distinct: Fold.distinct}.get(later.agg, Fold.count)
    measure = Measure(base.model, matching.base.time, fold, EVENT, all_of(filters), events=matching)
    return Leaf(measure, 0)


def side(
    project: Project, metric: Simple, used: InputMetric, entity: str, properties: Sequence[str], added: str = ""
) -> Side:
    """The rows that a simple metric counts, with what must be the same in the events of the other side."""
    model = project.models[metric.model]
    narrowed = all_of(one for one in (metric.filter, used.filter) if one)
    return rows_narrowed(project, model, metric.agg_time_dimension, (entity, *properties), narrowed, added)


def rows_narrowed(
    project: Project, model: Model, time: str | None, keys: Sequence[str], narrowed: str, added: str = ""
) -> Side:
    """The rows of a model that pass a filter, which may name dimensions of other models, as what they add may."""
    time = model.counts_by(time)
    return Side(
        model=plan_model(project, model),
        time=time,
        keys=tuple(_as_sql(model, key) for key in keys),
        filter=narrowed,
        joined=joined_of(project, model, columns_of(narrowed) | columns_of(added), time=time),
    )


def ties(model: Model, same: Sequence[str]) -> tuple[str, ...]:
    """What tells rows of the same moment apart, beside what is the same: their own key, or else all that is known.

    NOTE: all that is known, also where a question names less: ties must fall the same way whatever is asked. Sorting by
    it costs time, so a model of events had better have a primary entity.
    """
    own = [one for one in model.entities if one.type in (EntityType.primary, EntityType.unique)]
    every = [*(one.name for one in model.entities), *(one.name for one in model.dimensions)]
    names = [one.name for one in own] or every
    return tuple(one for one in dict.fromkeys(_as_sql(model, name) for name in names) if one not in same)


def _as_sql(model: Model, name: str) -> str:
    """An entity, a dimension or a column of a model as SQL over its columns."""
    named = model.entity(name) or model.dimension(name)
    return canonical(named.expr) if named and named.expr else quoted_column(name)


def _simple(project: Project, used: InputMetric) -> Simple:
    metric = project.metrics[used.name]
    if not isinstance(metric, Simple):
        raise TypeError(f"a conversion is of simple metrics, and '{used.name}' is of type {metric.type}")
    return metric


def _added(project: Project, metric: Simple) -> str:
    """What a row adds to a metric, in the project's currency; a row that a count does not count is NULL."""
    amount = converted(project, metric)
    return canonical(f"CASE WHEN {amount} THEN 1 END" if metric.agg is Agg.sum_boolean else amount)
