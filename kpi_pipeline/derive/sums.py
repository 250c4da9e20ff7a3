"""Sums from which something can be taken away again: what they are of, and how many values and rows that is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import polars as pl

from kpi_pipeline.derive.fold import folded
from kpi_pipeline.plan import Measure


def counted_sums(rows: pl.LazyFrame, *, by: Sequence[str], measures: Mapping[str, Measure]) -> pl.LazyFrame:
    """The rows grouped by `by`, for each measure with its sum, its number of rows, and whether there was any value."""
    counts = {f"{name}_rows": measure.rows for name, measure in measures.items()}
    sums = folded(rows, by=by, measures={**measures, **counts})
    return sums.with_columns(pl.col(name).is_not_null().cast(pl.Int64).alias(f"{name}_seen") for name in measures)


def columns_of_sums(measures: Iterable[str]) -> list[str]:
    """The columns that counted sums have: they add up, and what leaves is taken away from each."""
    return [one for name in measures for one in (name, f"{name}_rows", f"{name}_seen")]


def sums_there(measures: Iterable[str]) -> Iterator[pl.Expr]:
    """The sums: NULL of nothing but NULLs, 0 where no row is left or none has come yet."""
    for name in measures:
        yield (
            pl.when(pl.col(f"{name}_seen") > 0)
            .then(pl.col(name))
            .when(pl.col(f"{name}_rows").fill_null(0) == 0)
            .then(pl.coalesce(pl.col(name) - pl.col(name), 0))
            .alias(name)
        )
