"""Running totals of what joins on one day and leaves on another, as they stand on the days asked for."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from kpi_pipeline.derive.anchors import ANCHOR
from kpi_pipeline.derive.segments import SEGMENT


def standing(
    joins: pl.LazyFrame, leaves: pl.LazyFrame | None, columns: Sequence[str], wanted: pl.DataFrame
) -> pl.LazyFrame:
    """What has joined (`_at`, segment, columns) and not left by each anchor wanted; None where nothing ever leaves."""
    return _at(_running(joins, leaves, columns), wanted)


def _at(running: pl.LazyFrame, wanted: pl.DataFrame) -> pl.LazyFrame:
    """The running totals as they stood on each anchor."""
    there = wanted.lazy().join(running.select(SEGMENT).unique(), how="cross").sort(ANCHOR)
    return there.join_asof(
        running.sort("_at"), left_on=ANCHOR, right_on="_at", by=SEGMENT, strategy="backward", check_sortedness=False
    )


def _running(joins: pl.LazyFrame, leaves: pl.LazyFrame | None, columns: Sequence[str]) -> pl.LazyFrame:
    """The running totals of a segment after each day on which something joins or leaves: _at, segment, columns."""
    left = {name: f"{name}_left" for name in columns}
    steps = joins if leaves is None else pl.concat([joins, leaves.rename(left, strict=False)], how="diagonal")
    there = [*columns, *(left.values() if leaves is not None else ())]
    totals = steps.group_by(SEGMENT, "_at").agg(pl.col(there).sum()).sort(SEGMENT, "_at")
    running = totals.with_columns(pl.col(there).cum_sum().over(SEGMENT))
    if leaves is None:
        return running
    return running.select("_at", SEGMENT, *(pl.col(name) - pl.col(left[name]) for name in columns))
