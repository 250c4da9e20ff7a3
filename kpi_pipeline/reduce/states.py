"""Partial results of states: what the rows at a moment say, for the moments of a day that may count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlglot import expressions as exp

from kpi_pipeline.plan import Fold, Measure, Reduction, Snapshot
from kpi_pipeline.reduce.aggregate import aggregated, condition, grouped, parsed
from kpi_pipeline.reduce.stock import GROUP, MOMENT, finest_name, selected

CHOSEN = "_chosen"
_KEPT = {"last": "MAX", "first": "MIN"}


def states(query: exp.Select, reduction: Reduction, types: Mapping[str, str]) -> exp.Select:
    """One row a day (hour), segment, moment and grouping; a column a measure, or a key and that it was there.

    The query selects these already. The filter comes first; then, of each grouping, only the last (or first) moment of
    the day is kept, whatever the segments of its rows; all moments are where something of all is wanted.
    """
    query = query.where(condition(reduction.measures[0])).where(selected(query, MOMENT).is_(exp.Null()).not_())
    names = [one.alias for one in query.selects]
    for number, measure in enumerate(reduction.measures):
        if measure.expr != "1":
            query = query.select(exp.alias_(parsed(measure.expr), f"_value_{number}", quoted=True))
    stock = reduction.stock
    if isinstance(stock, Snapshot) and stock.kept in _KEPT:
        chosen = exp.alias_(_chosen(stock, finest_name(query)), CHOSEN, quoted=True)
        query = exp.select("*", chosen).from_(query.subquery("_each"))
    rows = exp.select(*(exp.column(name, quoted=True) for name in names)).from_(query.subquery("_rows"))
    if CHOSEN in query.named_selects:
        rows = rows.where(exp.EQ(this=exp.column(MOMENT, quoted=True), expression=exp.column(CHOSEN, quoted=True)))
    if reduction.measures[0].fold is Fold.distinct:
        rows = rows.select(exp.alias_(exp.column("_value_0", quoted=True), "_key", quoted=True))
        rows = rows.where(exp.column("_value_0", quoted=True).is_(exp.Null()).not_())
    keys = len(rows.selects)
    for number, measure in enumerate(reduction.measures):
        value = _value(measure, f"_value_{number}", types[measure.column])
        rows = rows.select(exp.alias_(value, measure.column, quoted=True))
    return grouped(rows, keys)


def _chosen(stock: Snapshot, finest: str) -> exp.Expr:
    """The last or first moment of the day (hour), of each grouping."""
    groups = (f"{GROUP}{number}" for number in range(len(stock.groupings)))
    moment = exp.func(_KEPT[stock.kept], exp.column(MOMENT, quoted=True))
    return exp.Window(this=moment, partition_by=[exp.column(name, quoted=True) for name in (finest, *groups)])


def _value(measure: Measure, column: str, kind: str) -> exp.Expr:
    if measure.fold is Fold.distinct:
        return exp.true()
    expr = measure.expr if measure.expr == "1" else f'"{column}"'
    return aggregated(replace(measure, expr=expr, filter=""), kind)
