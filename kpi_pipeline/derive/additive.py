"""Sums, counts, minima and maxima: rolled up once to days and segments, then from days to every grain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import polars as pl

from kpi_pipeline.derive.accumulate import accumulate
from kpi_pipeline.derive.asked import Asked
from kpi_pipeline.derive.exact import collected, wide_enough
from kpi_pipeline.derive.fold import folded
from kpi_pipeline.derive.partials import Partials
from kpi_pipeline.derive.segments import SEGMENT, Segments
from kpi_pipeline.derive.timeline import PERIOD, Timeline
from kpi_pipeline.plan import Measure, Reduction


def additive_values(asked: Sequence[Asked], partials: Partials) -> list[pl.LazyFrame]:
    """The values of each question: period_start, segment, a column a leaf."""
    days = by_day(asked, partials)
    return [_values(one, days[one], partials) for one in asked]


def by_day(asked: Sequence[Asked], partials: Partials) -> dict[Asked, pl.LazyFrame]:
    """The partial results by day and segment, rolled up once for all grains that are asked by the same segments.

    NOTE: what is asked by day, week, month and quarter reads the partial results of all dimensions once, and is folded
    from days, which are fewer.
    """
    together: dict[tuple[Reduction, Segments, date], list[Asked]] = defaultdict(list)
    for one in asked:
        together[partials.reduction(one.measure), one.segments, one.timeline.newest_day].append(one)
    frames = []
    for (reduction, segments, newest_day), some in together.items():
        measures = {measure.column: measure for one in some for measure in _needed(one)}
        rows = segments.attached(partials.frames[reduction].filter(pl.col("_day") <= newest_day))
        frames.append(folded(wide_enough(rows, measures.values()), by=("_day", SEGMENT), measures=measures))
    days = zip(together.values(), collected(frames), strict=True)
    return {one: frame.lazy() for some, frame in days for one in some}


def _needed(asked: Asked) -> Iterator[Measure]:
    """The measures of a question; beside a window's sums the rows behind them."""
    for measure in asked.named.values():
        yield measure
        if asked.reach:
            yield measure.rows


def _values(asked: Asked, rows: pl.LazyFrame, partials: Partials) -> pl.LazyFrame:
    timeline = asked.timeline
    if asked.reach:
        anchored = anchored_periods(timeline, partials.begun(asked.measure, timeline.newest_day))
        return accumulate(rows, asked.reach, asked.named, calendar=timeline.calendar, periods=anchored)
    return folded(rows.join(timeline.days.lazy(), on="_day"), by=(PERIOD, SEGMENT), measures=asked.named)


def anchored_periods(timeline: Timeline, begun: date) -> pl.DataFrame:
    """The periods whose cumulative values are wanted: period_start, the first day that counts, period_end.

    Only days between the model's first (`begun`) and the newest count.
    """
    end = pl.min_horizontal("period_end", pl.lit(timeline.newest_day + timedelta(days=1)))
    periods = timeline.periods.with_columns(period_end=end, first_day=pl.max_horizontal(PERIOD, pl.lit(begun)))
    return periods.filter(pl.col("first_day") < pl.col("period_end"))
