"""The values of leaves by period and segment, computed from partial results."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import polars as pl

from kpi_pipeline.derive.accumulate import accumulate
from kpi_pipeline.derive.fold import folded
from kpi_pipeline.derive.partials import Partials
from kpi_pipeline.derive.segments import SEGMENT, Segments
from kpi_pipeline.derive.timeline import PERIOD, Timeline
from kpi_pipeline.periods import Window
from kpi_pipeline.plan import Leaf, fingerprint

KEYS = (PERIOD, SEGMENT)


def rows_leaf(leaf: Leaf) -> Leaf:
    """The count of rows behind a leaf: where it is missing or 0, the leaf has no data."""
    return leaf.rows


def leaf_column(leaf: Leaf) -> str:
    """The leaf's column in a sheet."""
    return f"leaf_{fingerprint(repr(leaf))}"


def leaf_frames(
    wanted: Iterable[Leaf], partials: Partials, timeline: Timeline, segments: Segments
) -> list[tuple[tuple[Leaf, ...], pl.LazyFrame]]:
    """One frame for the leaves of a reduction, reach and offset: period_start, segment, a column a leaf."""
    groups: dict[tuple[object, ...], list[Leaf]] = {}
    for leaf in dict.fromkeys(wanted):
        measure = leaf.measure
        key = (measure.model, measure.time, measure.shape, measure.about, leaf.reach, leaf.offsets)
        groups.setdefault(key, []).append(leaf)
    return [(tuple(group), _leaf_frame(group, partials, timeline, segments)) for group in groups.values()]


def _leaf_frame(group: list[Leaf], partials: Partials, timeline: Timeline, segments: Segments) -> pl.LazyFrame:
    first = group[0]
    rows = segments.attached(partials.up_to(timeline.newest_day, first.measure))
    named = {leaf_column(leaf): leaf.measure for leaf in group}
    cut = timeline.cut(first.offsets) if first.offsets else None
    if first.reach:
        begun = partials.spans.get((first.measure.model, first.measure.time), (timeline.newest_day,))[0]
        anchored = _anchored(timeline, first.offsets, begun)
        frame = accumulate(rows, first.reach, named, calendar=timeline.calendar, periods=anchored, cut=cut)
    else:
        if cut:
            rows = rows.filter(~((pl.col("_day") >= cut[0]) & (pl.col("_day") < cut[1])))
        days = timeline.days.lazy()
        frame = folded(rows.join(days, on="_day"), by=KEYS, measures=named)
    if first.offsets:
        moved = timeline.earlier(first.offsets).lazy()
        frame = frame.rename({PERIOD: "source_start"}).join(moved, on="source_start").drop("source_start")
    return frame.select(*KEYS, *named)


def _anchored(timeline: Timeline, offsets: tuple[Window, ...], begun: date) -> pl.DataFrame:
    """The periods whose cumulative values are wanted: period_start, the first day that counts, period_end.

    Only days between the model's first (`begun`) and the newest count.
    """
    end = pl.min_horizontal("period_end", pl.lit(timeline.newest_day + timedelta(days=1)))
    if offsets and timeline.grain:
        sources = timeline.earlier(offsets).select(pl.col("source_start").alias(PERIOD)).drop_nulls().unique()
        periods = timeline.calendar.of(timeline.grain).select(PERIOD, "period_end").join(sources, on=PERIOD)
    else:
        periods = timeline.periods.select(PERIOD, "period_end")
    first_day = pl.max_horizontal(PERIOD, pl.lit(begun))
    return periods.with_columns(period_end=end, first_day=first_day).filter(pl.col("first_day") < pl.col("period_end"))
