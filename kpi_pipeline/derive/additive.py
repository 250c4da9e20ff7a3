"""Sums, counts, minima and maxima: rolled up once to days and segments, then from days to every grain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from kpi_pipeline.derive.accumulate import accumulate
from kpi_pipeline.derive.asked import Asked
from kpi_pipeline.derive.fold import folded
from kpi_pipeline.derive.partials import Partials
from kpi_pipeline.derive.segments import SEGMENT
from kpi_pipeline.derive.timeline import PERIOD, Timeline
from kpi_pipeline.periods import Shift
from kpi_pipeline.plan import Measure, Reduction


def additive_values(asked: Sequence[Asked], partials: Partials) -> list[pl.LazyFrame]:
    """The values of each question: period_start, segment, a column a leaf."""
    return [_values(one, partials) for one in asked]


def _values(asked: Asked, partials: Partials) -> pl.LazyFrame:
    timeline = asked.timeline
    rows = asked.segments.attached(partials.up_to(timeline.newest_day, asked.measure))
    if asked.reach:
        begun = partials.spans.get((asked.measure.model, asked.measure.time), (timeline.newest_day,))[0]
        anchored = anchored_periods(timeline, asked.offsets, begun)
        return accumulate(rows, asked.reach, asked.named, calendar=timeline.calendar, periods=anchored, cut=asked.cut)
    if asked.cut:
        rows = rows.filter(~((pl.col("_day") >= asked.cut[0]) & (pl.col("_day") < asked.cut[1])))
    return folded(rows.join(timeline.days.lazy(), on="_day"), by=(PERIOD, SEGMENT), measures=asked.named)


def anchored_periods(timeline: Timeline, offsets: tuple[Shift, ...], begun: date) -> pl.DataFrame:
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
