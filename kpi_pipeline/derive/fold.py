"""Partial results of many days folded into one value a group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from kpi_pipeline.plan import Fold, Measure

ADDED = (Fold.sum, Fold.count)
"""What adds up, and can be taken away again."""


def of_folds(measures: Mapping[str, Measure], *folds: Fold) -> dict[str, Measure]:
    """The measures that fold in one of some ways."""
    return {name: measure for name, measure in measures.items() if measure.fold in folds}


def side_by_side(parts: Iterable[pl.LazyFrame | None], keys: Sequence[str]) -> pl.LazyFrame:
    """The columns of all parts there are, by what tells their rows apart."""
    first, *others = [part for part in parts if part is not None]
    for other in others:
        first = first.join(other, on=keys, how="full", coalesce=True)
    return first


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
