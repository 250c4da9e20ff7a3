"""A metric across the values of a dimension: a row a period, a column a value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kpi_pipeline.errors import QueryError, listed
from kpi_pipeline.segments import NONE

if TYPE_CHECKING:
    import polars as pl


def refuse_pivot(metrics: Sequence[str]) -> None:
    """A table whose columns are values of a dimension has room for one metric."""
    if len(set(metrics)) != 1:
        raise QueryError(
            f"The cells of a pivot hold one metric, and {listed(metrics)} are asked for.\nHint: ask for one of them."
        )


def pivoted(rows: pl.DataFrame, metric: str, dimension: str) -> pl.DataFrame:
    """The rows with a column for each value of the dimension, in order; an empty cell is where there is no row.

    >>> import polars as pl
    >>> rows = pl.DataFrame({"month": ["Jan", "Jan", "Feb"], "cohort_age": [0, 1, 0], "back": [1.0, 0.5, 1.0]})
    >>> pivoted(rows, "back", "cohort_age").columns
    ['month', '0', '1']
    """
    import polars as pl

    values = rows.get_column(dimension).unique().sort(nulls_last=True)
    heads = values.cast(pl.String).fill_null(NONE)
    shown = rows.with_columns(pl.col(dimension).cast(pl.String).fill_null(NONE))
    if taken := sorted(set(heads) & (set(rows.columns) - {dimension, metric})):
        raise QueryError(f"'{dimension}' has the value {listed(taken)}, which is a column of the answer already.")
    index = [name for name in rows.columns if name not in (dimension, metric)]
    return shown.pivot(on=dimension, on_columns=heads, index=index, values=metric)
