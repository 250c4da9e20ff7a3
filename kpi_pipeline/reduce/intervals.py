"""Partial results of what lasts: sums, counts and keys by the day it begins and the day it ends."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import expressions as exp

from kpi_pipeline.plan import Fold, Reduction
from kpi_pipeline.reduce.aggregate import aggregated, grouped, parsed, passed
from kpi_pipeline.reduce.stock import UNTIL, finest_of, selected


def intervals(query: exp.Select, reduction: Reduction, types: Mapping[str, str]) -> exp.Select:
    """One row a day (hour) of beginning, segment and day (hour) of ending, with a column a measure.

    For distinct counts a row a key too, with whether each filter lets it through. The query selects these days and
    segments already. What ends before it begins is left out.
    """
    until = selected(query, UNTIL)
    query = query.where(exp.or_(until.is_(exp.Null()), exp.GTE(this=until.copy(), expression=finest_of(query))))
    if reduction.measures[0].fold is Fold.distinct:
        key = parsed(reduction.expr)
        query = query.select(exp.alias_(key, "_key")).where(key.copy().is_(exp.Null()).not_())
    keys = len(query.selects)
    for measure in reduction.measures:
        distinct = measure.fold is Fold.distinct
        value = passed(measure) if distinct else aggregated(measure, types[measure.column])
        query = query.select(exp.alias_(value, measure.column, quoted=True))
    return grouped(query, keys)
