"""Distinct counts of every grain, breakdown, filter and window, from visits sorted once a breakdown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kpi_pipeline.derive.additive import anchored_periods
from kpi_pipeline.derive.anchors import ANCHOR, anchors, over_days
from kpi_pipeline.derive.asked import Asked
from kpi_pipeline.derive.partials import Partials
from kpi_pipeline.derive.places import segment_numbers
from kpi_pipeline.derive.seen import DAY, PLACE
from kpi_pipeline.derive.segments import SEGMENT, Segments
from kpi_pipeline.derive.standing import standing
from kpi_pipeline.derive.timeline import PERIOD
from kpi_pipeline.derive.visits import FIRST, LAST, Mark, Sorted, Whole, sort_visits
from kpi_pipeline.derive.windows import begins, leaving
from kpi_pipeline.plan import Measure, Reduction

ROWS_AT_ONCE = 2_000_000
"""NOTE: keys of one part are not those of another, so counts of parts add up. Parts of this size keep a run of any
length within a few hundred megabytes, and sorts within the cache."""


def distinct_values(asked: Sequence[Asked], partials: Partials) -> list[pl.LazyFrame]:
    """The values of each question: period_start, segment, a column a leaf."""
    passes: dict[Reduction, list[Asked]] = defaultdict(list)
    for one in asked:
        passes[partials.reduction(one.measure)].append(one)
    found: dict[Asked, pl.LazyFrame] = {}
    for reduction, some in passes.items():
        counts = _counted(reduction, some, partials)
        begun = partials.spans.get((reduction.model, reduction.time))
        for one in some:
            found[one] = _standing(one, counts, begun) if one.reach else _in_periods(one, counts)
    return [found[one] for one in asked]


@dataclass
class _Counts:
    """For each segments, measure and mark the visits that bear the mark, by segment and day."""

    first: date
    days: int
    parts: dict[tuple[Segments, str, bytes, str], list[tuple[Whole, Whole]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def frame(self, asked: Asked, measure: Measure, which: str, name: str) -> pl.LazyFrame:
        """The visits as a frame: segment, day, their number under a name."""
        parts = self.parts[asked.segments, measure.column, _since(asked, self.first, self.days).tobytes(), which]
        cells = np.concatenate([cell for cell, _ in parts]) if parts else np.zeros(0, np.int64)
        numbers = np.concatenate([number for _, number in parts]) if parts else np.zeros(0, np.int64)
        segment, day = np.divmod(cells, self.days)
        days = (day + _number(self.first)).astype(np.int32)
        return pl.LazyFrame({SEGMENT: segment.astype(np.uint32), DAY: pl.Series(days).cast(pl.Date), name: numbers})


def _counted(reduction: Reduction, asked: Sequence[Asked], partials: Partials) -> _Counts:
    """Reads the keys part by part, sorts each part once a breakdown, and counts all that is asked of it."""
    span = partials.spans.get((reduction.model, reduction.time))
    if span is None:
        return _Counts(date.min, 1)
    counts = _Counts(span[0], (span[1] - span[0]).days + 1)
    seen = partials.seen_of(reduction)
    wanted = _wanted(asked, counts)
    numbers = {segments: segment_numbers(segments, seen.places) for segments in wanted}
    filters = {one.column for one in reduction.measures if one.filter}
    for part in seen.by_key(ROWS_AT_ONCE):
        day = (part.get_column(DAY).cast(pl.Int32).to_numpy() - _number(span[0])).astype(np.int32)
        key = part.get_column("_key").cast(pl.Int64).to_numpy()
        place = part.get_column(PLACE).to_numpy()
        for segments, columns in wanted.items():
            passed = {name: part.get_column(name).to_numpy() for name in columns if name in filters}
            segment = numbers[segments][place]
            for ordered in sort_visits(segment, key, day, passed, days=counts.days):
                _count(counts, segments, ordered, columns, filters, int(numbers[segments].max(initial=0)))
    return counts


def _count(
    counts: _Counts,
    segments: Segments,
    ordered: Sorted,
    columns: dict[str, dict[tuple[bytes, str], Mark]],
    filters: set[str],
    last_segment: int,
) -> None:
    for column, marks in columns.items():
        if column in filters and column not in ordered.filters:
            continue
        visits = ordered.of(column if column in filters else None)
        cells = (last_segment + 1) * counts.days
        for (since, which), found in zip(marks, visits.counted(list(marks.values()), cells), strict=True):
            counts.parts[segments, column, since, which].append(found)


def _wanted(asked: Iterable[Asked], counts: _Counts) -> dict[Segments, dict[str, dict[tuple[bytes, str], Mark]]]:
    """What has to be counted: by segments, then by measure, every mark once."""
    wanted: dict[Segments, dict[str, dict[tuple[bytes, str], Mark]]] = {}
    for one in asked:
        since = _since(one, counts.first, counts.days)
        columns = wanted.setdefault(one.segments, {})
        for measure in one.named.values():
            marks = columns.setdefault(measure.column, {})
            for which in (FIRST, LAST) if one.reach else (FIRST,):
                marks[since.tobytes(), which] = Mark(since, which)
    return wanted


def _since(asked: Asked, first: date, days: int) -> NDArray[np.int32]:
    """For each day since when a key's visit must be its first to count: the start of the period, or of the window.

    Days that are not looked at (after the newest one, or cut off) are -1: nothing is before them.
    """
    timeline = asked.timeline
    since = np.full(days, -1, np.int32)
    if asked.reach:
        windows = begins(asked.reach, timeline.calendar)
        if windows is None:
            return np.zeros(days, np.int32)
        starts = windows.select(_day=ANCHOR, _since="_begin")
    else:
        starts = timeline.days.select("_day", _since=PERIOD).filter(pl.col("_day") <= timeline.newest_day)
        if asked.cut:
            starts = starts.filter(~pl.col("_day").is_between(*asked.cut, closed="left"))
    day = starts.get_column("_day").cast(pl.Int32).to_numpy() - _number(first)
    start = starts.get_column("_since").cast(pl.Int32).to_numpy() - _number(first)
    inside = (day >= 0) & (day < days)
    since[day[inside]] = np.maximum(start[inside], 0)
    return since


def _number(day: date) -> int:
    """The days since 1970."""
    return (day - date(1970, 1, 1)).days


def _in_periods(asked: Asked, counts: _Counts) -> pl.LazyFrame:
    """A period's distinct count: the keys whose first visit in it falls on one of its days."""
    firsts = pl.concat(
        [counts.frame(asked, measure, FIRST, name) for name, measure in asked.named.items()], how="diagonal"
    )
    days = asked.timeline.days.lazy()
    return firsts.join(days, on=DAY).group_by(PERIOD, SEGMENT).agg(pl.col(name).sum() for name in asked.named)


def _standing(asked: Asked, counts: _Counts, begun: tuple[date, date] | None) -> pl.LazyFrame:
    """A window's distinct count: the stays begun and not ended on the period's last day (or first, or every day)."""
    assert asked.reach is not None
    timeline = asked.timeline
    periods = anchored_periods(timeline, asked.offsets, begun[0] if begun else timeline.newest_day)
    wanted = anchors(periods, asked.reach.period_agg, asked.cut)
    gone = leaving(asked.reach, timeline.calendar)
    joins = [counts.frame(asked, measure, FIRST, name) for name, measure in asked.named.items()]
    joined = pl.concat(joins, how="diagonal").rename({DAY: "_at"})
    left = None
    if gone is not None:
        leaves = [counts.frame(asked, measure, LAST, name) for name, measure in asked.named.items()]
        last = pl.concat(leaves, how="diagonal").join(gone.lazy(), on=DAY)
        left = last.drop(DAY).rename({"_leaves": "_at"}).drop_nulls("_at")
    values = standing(joined, left, list(asked.named), wanted).select(PERIOD, ANCHOR, SEGMENT, *asked.named)
    return over_days(values, (pl.col(name).fill_null(0) for name in asked.named), asked.reach.period_agg)
