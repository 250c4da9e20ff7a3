"""Distinct counts of every grain, breakdown, filter and window, from visits sorted once a breakdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kpi_pipeline.derive.anchors import ANCHOR
from kpi_pipeline.derive.asked import Asked
from kpi_pipeline.derive.partials import Partials
from kpi_pipeline.derive.places import segment_numbers
from kpi_pipeline.derive.remembered import answered
from kpi_pipeline.derive.seen import DAY, PLACE
from kpi_pipeline.derive.segments import SEGMENT, Segments
from kpi_pipeline.derive.spans import Question, merged
from kpi_pipeline.derive.standing import standing
from kpi_pipeline.derive.tally import Tally, Whole
from kpi_pipeline.derive.timeline import PERIOD
from kpi_pipeline.derive.visits import FIRST, LAST, Mark, Sorted, sort_visits
from kpi_pipeline.derive.windows import begins, leaving
from kpi_pipeline.plan import Measure, Reduction

ROWS_AT_ONCE = 3_000_000
"""NOTE: keys of one part are not those of another, so counts of parts add up. Parts of this size keep a run of any
length within a few hundred megabytes, and sorts within the cache."""


def distinct_values(asked: Sequence[Asked], partials: Partials) -> list[pl.LazyFrame]:
    """The values of each question: period_start, segment, a column a leaf."""
    return answered(asked, partials, _computed)


def _computed(reduction: Reduction, questions: Sequence[Question], partials: Partials) -> list[pl.DataFrame]:
    counts = _counted(reduction, questions, partials)
    frames = [_standing(one, counts) if one.asked.reach else _in_periods(one, counts) for one in questions]
    return pl.collect_all(frames)


@dataclass
class _Counts:
    """For each segments, measure and mark the visits that bear the mark, by segment and day."""

    first: date
    days: int
    tallies: dict[tuple[Segments, str, bytes, str], Tally] = field(default_factory=dict)

    def add(self, key: tuple[Segments, str, bytes, str], segments: int, found: tuple[Whole, Whole]) -> None:
        """Adds what was found in a part."""
        self.tallies.setdefault(key, Tally(segments * self.days)).add(*found)

    def frame(self, question: Question, measure: Measure, which: str, name: str) -> pl.LazyFrame:
        """The visits as a frame: segment, day, their number under a name."""
        since = _since(question, self.first, self.days).tobytes()
        tally = self.tallies.get((question.asked.segments, measure.column, since, which), Tally(0))
        cells, numbers = tally.total()
        segment, day = np.divmod(cells, self.days)
        days = (day + _number(self.first)).astype(np.int32)
        return pl.LazyFrame({SEGMENT: segment.astype(np.uint32), DAY: pl.Series(days).cast(pl.Date), name: numbers})


def _counted(reduction: Reduction, questions: Sequence[Question], partials: Partials) -> _Counts:
    """Reads the keys part by part, sorts each part once a breakdown, and counts all that is asked of it."""
    first, last = partials.spans[reduction.model, reduction.time]
    counts = _Counts(first, (last - first).days + 1)
    seen = partials.seen_of(reduction)
    wanted = _wanted(questions, counts)
    numbers = {segments: segment_numbers(segments, seen.places) for segments in wanted}
    filters = {one.column for one in reduction.measures if one.filter}
    for part in seen.by_key(ROWS_AT_ONCE, merged([one.spans for one in questions])):
        day = part.get_column(DAY).cast(pl.Int32).to_numpy() - np.int32(_number(first))
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
        cells = (last_segment + 1) * counts.days
        counted = ordered.counted(column if column in filters else None, list(marks.values()), cells)
        for (since, which), found in zip(marks, counted, strict=True):
            counts.add((segments, column, since, which), last_segment + 1, found)


def _wanted(questions: Iterable[Question], counts: _Counts) -> dict[Segments, dict[str, dict[tuple[bytes, str], Mark]]]:
    """What has to be counted: by segments, then by measure, every mark once."""
    wanted: dict[Segments, dict[str, dict[tuple[bytes, str], Mark]]] = {}
    for one in questions:
        since = _since(one, counts.first, counts.days)
        columns = wanted.setdefault(one.asked.segments, {})
        for measure in one.asked.named.values():
            marks = columns.setdefault(measure.column, {})
            for which in (FIRST, LAST) if one.asked.reach else (FIRST,):
                marks[since.tobytes(), which] = Mark(since, which)
    return wanted


def _since(question: Question, first: date, days: int) -> NDArray[np.int32]:
    """For each day since when a key's visit must be its first to count: the start of its span, or of its window.

    Days in no span are -1: nothing is before them.
    """
    since = np.full(days, -1, np.int32)
    asked = question.asked
    if asked.reach:
        windows = begins(asked.reach, asked.timeline.calendar)
        if windows is None:
            return np.zeros(days, np.int32)
        day, start = _numbers(windows, ANCHOR, first), _numbers(windows, "_begin", first)
        inside = (day >= 0) & (day < days)
        since[day[inside]] = np.maximum(start[inside], 0)
        return since
    spans = question.spans.sort("first_day")
    start, end = _numbers(spans, "first_day", first), _numbers(spans, "last_day", first)
    day = np.arange(days)
    place = np.maximum(np.searchsorted(start, day, side="right") - 1, 0)
    return np.where((start[place] <= day) & (day <= end[place]), start[place], -1).astype(np.int32)


def _numbers(frame: pl.DataFrame, column: str, first: date) -> Whole:
    return frame.get_column(column).cast(pl.Int32).cast(pl.Int64).to_numpy() - _number(first)


def _number(day: date) -> int:
    """The days since 1970."""
    return (day - date(1970, 1, 1)).days


def _in_periods(question: Question, counts: _Counts) -> pl.LazyFrame:
    """A period's distinct count: the keys whose first visit in it falls on one of its days."""
    named = question.asked.named
    firsts = pl.concat(
        [counts.frame(question, measure, FIRST, name) for name, measure in named.items()], how="diagonal"
    )
    days = question.asked.timeline.days.lazy()
    return firsts.join(days, on=DAY).group_by(PERIOD, SEGMENT).agg(pl.col(name).sum() for name in named)


def _standing(question: Question, counts: _Counts) -> pl.LazyFrame:
    """A window's distinct count: the stays begun and not ended on the day it ends with."""
    asked = question.asked
    assert asked.reach is not None
    gone = leaving(asked.reach, asked.timeline.calendar)
    joins = [counts.frame(question, measure, FIRST, name) for name, measure in asked.named.items()]
    joined = pl.concat(joins, how="diagonal").rename({DAY: "_at"})
    left = None
    if gone is not None:
        leaves = [counts.frame(question, measure, LAST, name) for name, measure in asked.named.items()]
        last = pl.concat(leaves, how="diagonal").join(gone.lazy(), on=DAY)
        left = last.drop(DAY).rename({"_leaves": "_at"}).drop_nulls("_at")
    wanted = question.spans.select(PERIOD, ANCHOR)
    return standing(joined, left, list(asked.named), wanted).select(*question.keys, *asked.named)
