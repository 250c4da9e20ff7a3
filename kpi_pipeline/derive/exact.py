"""Sums that are exact or refused: never one that went around its type's end without a word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from kpi_pipeline.errors import DataError
from kpi_pipeline.plan import Fold, Measure


def wide_enough(rows: pl.LazyFrame, measures: Iterable[Measure]) -> pl.LazyFrame:
    """The rows with their sums of whole numbers in 128 bits.

    NOTE: a day's sum fits 64 bits, or the engine that made it would have refused it; those of many days need not, and
    Polars would go on at the other end of the numbers.
    """
    kinds = rows.collect_schema()
    sums = dict.fromkeys(one.column for one in measures if one.fold is Fold.sum)
    return rows.with_columns(pl.col(name).cast(pl.Int128) for name in sums if kinds[name].is_integer())


def collected(frames: Sequence[pl.LazyFrame]) -> list[pl.DataFrame]:
    """The frames, computed together; a sum of decimals with more than 38 digits is refused."""
    try:
        return pl.collect_all(frames)
    except pl.exceptions.ComputeError as problem:
        if "overflow" not in str(problem):
            raise
        raise DataError(
            "A sum has more than 38 digits, so it cannot be computed exactly.\n"
            "Hint: count in thousands or millions: divide in the metric's expr."
        ) from problem
