"""The smallest and largest values of windows, each from two looks at a table of doubled spans.

Row k of the table holds the extreme of the 2^k days from each day on. Any window is two such spans, which may overlap:
the extreme of both is that of the window. So a window of a year costs no more than one of a week.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kpi_pipeline.derive.anchors import ANCHOR
from kpi_pipeline.derive.day_numbers import day_numbers
from kpi_pipeline.derive.fold import folded
from kpi_pipeline.derive.segments import SEGMENT
from kpi_pipeline.derive.timeline import PERIOD
from kpi_pipeline.plan import Fold, Measure

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]


def extremes(
    rows: pl.LazyFrame, measures: Mapping[str, Measure], windows: pl.DataFrame | None, wanted: pl.DataFrame
) -> pl.LazyFrame | None:
    """For every segment and anchor the extreme of its window: period_start, _anchor, segment, a column a measure.

    `windows` gives the first day of each anchor's window; None means the very first.
    """
    if not measures:
        return None
    days = folded(rows, by=(SEGMENT, "_day"), measures=measures).collect()
    if days.is_empty() or wanted.is_empty():
        return (
            wanted.lazy()
            .clear()
            .with_columns(
                pl.lit(None, pl.UInt32).alias(SEGMENT), *(pl.lit(None, pl.Float64).alias(name) for name in measures)
            )
        )
    first, last = days.select(first=pl.col("_day").min(), last=pl.col("_day").max()).row(0)
    length = (last - first).days + 1
    segments = days.get_column(SEGMENT).unique().sort()
    row = segments.search_sorted(days.get_column(SEGMENT)).to_numpy()
    column = day_numbers(days.get_column("_day"), first)
    begin, end = _spans(wanted, windows, first, length)
    made = {}
    for name, measure in measures.items():
        dense = np.full((len(segments), length), np.nan)
        dense[row, column] = days.get_column(name).cast(pl.Float64).fill_null(float("nan")).to_numpy()
        of = np.fmin if measure.fold is Fold.min else np.fmax
        made[name] = pl.Series(_of_spans(dense, of, begin, end).ravel()).fill_nan(None)
    at = segments.to_frame().join(wanted, how="cross", maintain_order="left_right")
    return at.with_columns(**made).select(PERIOD, ANCHOR, SEGMENT, *measures).lazy()


def _spans(wanted: pl.DataFrame, windows: pl.DataFrame | None, first: date, length: int) -> tuple[Places, Places]:
    """The first and last place of each anchor's window; the last lies before the first where no day is in it."""
    begins = wanted.select(_begin=pl.lit(first)) if windows is None else _begins(wanted, windows)
    begin = np.maximum(day_numbers(begins.get_column("_begin"), first), 0)
    end = np.minimum(day_numbers(wanted.get_column(ANCHOR), first), length - 1)
    if windows is None:
        begin = np.zeros(len(end), np.int64)
    return begin, end


def _begins(wanted: pl.DataFrame, windows: pl.DataFrame) -> pl.DataFrame:
    return wanted.join(windows, on=ANCHOR, how="left", maintain_order="left")


def _of_spans(dense: Numbers, of: np.ufunc, begin: Places, end: Places) -> Numbers:
    """The extreme of each row between two places."""
    size = np.maximum(end - begin + 1, 1)
    level = np.floor(np.log2(size)).astype(np.int64)
    found = np.full((len(dense), len(begin)), np.nan)
    table = dense
    for k in range(int(level.max(initial=0)) + 1):
        here = np.flatnonzero((level == k) & (end >= begin))
        found[:, here] = of(table[:, begin[here]], table[:, end[here] - (1 << k) + 1])
        table = of(table[:, : -(1 << k)], table[:, 1 << k :])
    return found
