"""Partial results of many days folded into one value a group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from kpi_pipeline.plan import Fold, Measure


def folded(rows: pl.LazyFrame, *, by: Sequence[str], measures: Mapping[str, Measure]) -> pl.LazyFrame:
    """The rows grouped by `by`, with a column a measure: sums, counts, minima and maxima.

    A sum of nothing but NULLs is NULL.
    """
    return rows.group_by(by).agg(folded_column(measure).alias(name) for name, measure in measures.items())


def folded_column(measure: Measure) -> pl.Expr:
    """The column of a sum, count, minimum or maximum, of many partial results."""
    column = pl.col(measure.column)
    match measure.fold:
        case Fold.min:
            return column.min()
        case Fold.max:
            return column.max()
        case _:
            return pl.when(column.count() > 0).then(column.sum())
