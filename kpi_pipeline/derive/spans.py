"""Spans of days: a distinct count or a percentile is of the rows of one, whether a period's or a window's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kpi_pipeline.derive.additive import anchored_periods
from kpi_pipeline.derive.anchors import ANCHOR, anchors
from kpi_pipeline.derive.asked import Asked
from kpi_pipeline.derive.seen import DAY
from kpi_pipeline.derive.segments import SEGMENT
from kpi_pipeline.derive.timeline import PERIOD
from kpi_pipeline.derive.windows import begins
from kpi_pipeline.plan import Fold

SPAN = ("first_day", "last_day")
Whole = NDArray[np.int64]
Truth = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Question:
    """The spans that are to be computed for what is asked: period_start, _anchor of a window, first_day, last_day."""

    asked: Asked
    spans: pl.DataFrame

    @property
    def keys(self) -> tuple[str, ...]:
        """What tells the values apart: period_start, _anchor of a window, segment."""
        return (PERIOD, ANCHOR, SEGMENT) if self.asked.reach else (PERIOD, SEGMENT)

    @property
    def nothing(self) -> pl.DataFrame:
        """No values."""
        keys = {name: self.spans.schema[name] for name in self.keys[:-1]}
        number = pl.Int64 if self.asked.measure.fold is Fold.distinct else pl.Float64
        return pl.DataFrame(schema={**keys, SEGMENT: pl.UInt32, **dict.fromkeys(self.asked.named, number)})

    def of_segments(self, segments: Whole, values: Mapping[str, Whole], seen: Truth) -> pl.DataFrame:
        """A row a segment and span, segment by segment: the values in this order, and none where nothing was `seen`."""
        wanted = self.spans.select(self.keys[:-1])
        keys = wanted[np.tile(np.arange(wanted.height), len(segments))]
        number = pl.Series(SEGMENT, np.repeat(segments, wanted.height).astype(np.uint32))
        columns = {name: pl.Series(one) for name, one in values.items()}
        there = keys.with_columns(number, _seen=pl.Series(seen), **columns)
        return there.select(*self.keys, *(pl.when("_seen").then(name).alias(name) for name in values))


def spans_of(asked: Asked, data: tuple[date, date] | None) -> pl.DataFrame:
    """The span of every period, or of every window that ends on a day wanted, within the days that have data."""
    timeline = asked.timeline
    if asked.reach:
        periods = anchored_periods(timeline, data[0] if data else timeline.newest_day)
        wanted = anchors(periods, asked.reach.period_agg)
        windows = begins(asked.reach, timeline.calendar)
        if windows is None:
            windows = wanted.select(ANCHOR, _begin=pl.lit(date.min)).unique()
        table = wanted.join(windows, on=ANCHOR, how="left").rename({"_begin": "first_day"})
        table = table.with_columns(last_day=ANCHOR)
    else:
        days = timeline.days.select(PERIOD, DAY).filter(pl.col(DAY) <= timeline.newest_day)
        table = days.group_by(PERIOD).agg(first_day=pl.col(DAY).min(), last_day=pl.col(DAY).max())
    low, high = data or (date.max, date.min)
    inside = table.with_columns(
        first_day=pl.max_horizontal("first_day", pl.lit(low)), last_day=pl.min_horizontal("last_day", pl.lit(high))
    )
    return inside.filter(pl.col("first_day") <= pl.col("last_day")).sort("last_day", "first_day")


def merged(spans: list[pl.DataFrame]) -> list[tuple[date, date]]:
    """The days that any of the spans covers, as few spans that do not touch.

    >>> one = pl.DataFrame({"first_day": [date(2024, 1, 1), date(2024, 1, 2)], "last_day": [date(2024, 1, 3)] * 2})
    >>> merged([one])
    [(datetime.date(2024, 1, 1), datetime.date(2024, 1, 3))]
    """
    found: list[tuple[date, date]] = []
    for first, last in pl.concat([one.select(SPAN) for one in spans]).unique().sort(SPAN).iter_rows():
        if found and (first - found[-1][1]).days <= 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found
