"""Percentiles of every grain, breakdown, filter and window: days stream by, and each span of days is looked at once.

Values stand in the order of segment and day, so the values of any period or window are one run of neighbours. Spans
are answered as soon as their last day was read; what no later span reaches back to is forgotten.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import polars as pl

from kpi_pipeline.derive.additive import anchored_periods
from kpi_pipeline.derive.anchors import ANCHOR, anchors, over_days
from kpi_pipeline.derive.asked import Asked
from kpi_pipeline.derive.partials import Partials
from kpi_pipeline.derive.places import segment_numbers
from kpi_pipeline.derive.runs import Runs, Whole, percentiles, runs_of
from kpi_pipeline.derive.seen import DAY, PLACE, Seen
from kpi_pipeline.derive.segments import SEGMENT
from kpi_pipeline.derive.timeline import PERIOD
from kpi_pipeline.derive.windows import begins
from kpi_pipeline.plan import Reduction

ROWS_AT_ONCE = 2_000_000


def percentile_values(asked: Sequence[Asked], partials: Partials) -> list[pl.LazyFrame]:
    """The values of each question: period_start, segment, a column a leaf."""
    passes: dict[Reduction, list[Asked]] = defaultdict(list)
    for one in asked:
        passes[partials.reduction(one.measure)].append(one)
    found: dict[Asked, pl.LazyFrame] = {}
    for reduction, some in passes.items():
        span = partials.spans.get((reduction.model, reduction.time))
        spans = [_spans_of(one, span) for one in some]
        if span:
            _answer(spans, partials.seen_of(reduction), {one.column for one in reduction.measures if one.filter})
        found |= {one.asked: one.frame() for one in spans}
    return [found[one] for one in asked]


@dataclass
class _Spans:
    """The spans of days that a question is about, in the order of their last days, and what was found of them."""

    asked: Asked
    table: pl.DataFrame
    """period_start, _anchor for cumulative values, first and last day."""
    answered: int = 0
    found: dict[str, list[pl.DataFrame]] = field(default_factory=lambda: defaultdict(list))

    def ending_by(self, day: date) -> pl.DataFrame:
        """The spans not answered yet that end by a day."""
        return self.table.slice(self.answered).filter(pl.col("last") <= day)

    def frame(self) -> pl.LazyFrame:
        """The question's values."""
        keys = [PERIOD, *([ANCHOR] if self.asked.reach else []), SEGMENT]
        nothing = self.table.clear().select(*keys[:-1], pl.lit(None, pl.UInt32).alias(SEGMENT)).lazy()
        values = nothing
        for name in self.asked.named:
            column = [one.select(*keys, name).lazy() for one in self.found[name]]
            empty = nothing.with_columns(pl.lit(None, pl.Float64).alias(name))
            values = values.join(pl.concat([*column, empty]), on=keys, how="full", coalesce=True)
        if not self.asked.reach:
            return values
        return over_days(values, (pl.col(name) for name in self.asked.named), self.asked.reach.period_agg)


def _spans_of(asked: Asked, span: tuple[date, date] | None) -> _Spans:
    """Periods, or the windows that end on the days wanted."""
    timeline = asked.timeline
    if asked.reach:
        periods = anchored_periods(timeline, asked.offsets, span[0] if span else timeline.newest_day)
        wanted = anchors(periods, asked.reach.period_agg, asked.cut)
        windows = begins(asked.reach, timeline.calendar)
        if windows is None:
            windows = wanted.select(ANCHOR, _begin=pl.lit(date.min)).unique()
        table = wanted.join(windows, on=ANCHOR, how="left").with_columns(first="_begin", last=ANCHOR).drop("_begin")
    else:
        days = timeline.days.select(PERIOD, DAY).filter(pl.col(DAY) <= timeline.newest_day)
        if asked.cut:
            days = days.filter(~pl.col(DAY).is_between(*asked.cut, closed="left"))
        table = days.group_by(PERIOD).agg(first=pl.col(DAY).min(), last=pl.col(DAY).max())
    low, high = span or (date.max, date.min)
    inside = table.with_columns(
        first=pl.max_horizontal("first", pl.lit(low)), last=pl.min_horizontal("last", pl.lit(high))
    )
    return _Spans(asked, inside.filter(pl.col("first") <= pl.col("last")).sort("last", "first"))


def _answer(spans: Sequence[_Spans], seen: Seen, filters: set[str]) -> None:
    """Reads the days in order and answers each span when its last day was read."""
    kept: pl.DataFrame | None = None
    segments = dict.fromkeys(one.asked.segments for one in spans)
    numbers = {one: segment_numbers(one, seen.places) for one in segments}
    parts = _parts(seen.days)
    for place, rows in enumerate(seen.by_days(parts)):
        last = parts[place][1] if place + 1 < len(parts) else date.max
        here = rows if kept is None else pl.concat([kept, rows])
        for one, number in numbers.items():
            some = [ask for ask in spans if ask.asked.segments is one]
            _answer_ended(some, here, last, number[here.get_column(PLACE).to_numpy()], filters)
        for ask in spans:
            ask.answered += ask.ending_by(last).height
        open_since = min((one.table.item(one.answered, "first") for one in spans if _is_open(one)), default=date.max)
        kept = here.filter(pl.col(DAY) >= open_since)


def _answer_ended(spans: Sequence[_Spans], rows: pl.DataFrame, last: date, segment: Whole, filters: set[str]) -> None:
    """Answers the spans that end by a day; the rows are put in order once for each filter."""
    first: date | None = rows.get_column(DAY).min()  # type: ignore[assignment]  # Polars cannot say it is a date
    if first is None:
        return
    day = rows.get_column(DAY).cast(pl.Int32).cast(pl.Int64).to_numpy() - _number(first)
    days, segments = int(day.max()) + 1, int(segment.max()) + 1
    values = rows.get_column("_value").to_numpy()
    columns = dict.fromkeys(measure.column for one in spans for measure in one.asked.named.values())
    for column in columns:
        cell, some = segment * days + day, values
        if column in filters:
            passed = rows.get_column(column).to_numpy()
            cell, some = cell[passed], values[passed]
        runs = runs_of(cell, some, segments=segments, days=days)
        for one in spans:
            _answer_of(one, column, one.ending_by(last), runs, first, segments)


def _answer_of(one: _Spans, column: str, table: pl.DataFrame, runs: Runs, first: date, segments: int) -> None:
    named = {name: measure for name, measure in one.asked.named.items() if measure.column == column}
    if not named or table.is_empty():
        return
    begin = np.maximum(_numbers(table, "first") - _number(first), 0)
    end = np.minimum(_numbers(table, "last") - _number(first), runs.days - 1)
    span = np.flatnonzero(begin <= end)
    segment, at = np.repeat(np.arange(segments), len(span)), np.tile(span, segments)
    starts, ends = runs.between(segment, begin[at], end[at])
    there = np.flatnonzero(ends > starts)
    shares = [(0.5 if one.quantile is None else one.quantile, one.discrete) for one in named.values()]
    made = percentiles(runs.values, starts[there], ends[there], shares)
    keys = table.select(PERIOD, *([ANCHOR] if one.asked.reach else []))[at[there]]
    for name, values in zip(named, made, strict=True):
        number = pl.Series(SEGMENT, segment[there].astype(np.uint32))
        one.found[name].append(keys.with_columns(number, pl.Series(name, values)))


def _is_open(spans: _Spans) -> bool:
    return spans.answered < spans.table.height


def _parts(days: pl.DataFrame) -> list[tuple[date, date]]:
    """Spans of days with about so many rows each."""
    part = (pl.col("rows").cum_sum() - pl.col("rows")) // ROWS_AT_ONCE
    spans = days.group_by(part.alias("part"), maintain_order=True).agg(first=pl.col(DAY).min(), last=pl.col(DAY).max())
    return [(first, last) for _, first, last in spans.sort("part").iter_rows()]


def _numbers(table: pl.DataFrame, column: str) -> Whole:
    return table.get_column(column).cast(pl.Int32).cast(pl.Int64).to_numpy()


def _number(day: date) -> int:
    """The days since 1970."""
    return (day - date(1970, 1, 1)).days
