"""Queries over events: conversions at their base events, entities at their first rows."""

from __future__ import annotations

from sqlglot import expressions as exp

from kpi_pipeline.plan import Engine, Matching, ModelPlan, Reduction
from kpi_pipeline.reduce.cohorts import seen_days
from kpi_pipeline.reduce.matching import matched_events


def over_events(query: exp.Select, reduction: Reduction, model: ModelPlan, engine: Engine) -> exp.Select:
    """The query with the reduction's events, if it is about some, in the place of its model's rows.

    Events have a row of the model each, so dimensions, joins and conditions of the query mean what they always do. Of
    that row only the columns are carried along that the query names.
    """
    if reduction.events is None:
        return query
    named = {column.name.lower() for column in query.find_all(exp.Column)}
    columns = [name for name in engine.table_columns(model.table) if name.lower() in named]
    if isinstance(reduction.events, Matching):
        events = matched_events(reduction.events, columns, engine)
    else:
        events = seen_days(reduction.events, columns, engine)
    rows = next(one for one in query.find_all(exp.Table) if (one.db, one.name) == (model.table.schema, model.name))
    rows.replace(events.subquery(rows.alias or "events"))
    return query
