"""Distinct counts of every grain, breakdown, filter and window, from visits sorted once a breakdown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kpi_pipeline.derive.anchors import ANCHOR
from kpi_pipeline.derive.asked import Asked
from kpi_pipeline.derive.day_numbers import day_number, day_numbers
from kpi_pipeline.derive.elsewhere import of_periods, of_windows
from kpi_pipeline.derive.marks import Found, Marks
from kpi_pipeline.derive.partials import Partials
from kpi_pipeline.derive.places import segment_numbers
from kpi_pipeline.derive.remembered import answered
from kpi_pipeline.derive.seen import DAY, PLACE
from kpi_pipeline.derive.segments import SEGMENT, Segments
from kpi_pipeline.derive.spans import Question, merged
from kpi_pipeline.derive.tally import Tally, Whole
from kpi_pipeline.derive.visits import sort_visits
from kpi_pipeline.derive.windows import begins, leaving
from kpi_pipeline.plan import Reduction

ROWS_AT_ONCE = 4_000_000
"""NOTE: keys of one part are not those of another, so counts of parts add up. Parts of this size keep a run of any
length within a few hundred megabytes."""
SORTS_AT_ONCE = 2
"""NOTE: NumPy sorts beside Python, so two breakdowns are sorted at a time; each holds eight bytes a row."""
Days = NDArray[np.int32]


def distinct_values(asked: Sequence[Asked], partials: Partials) -> list[pl.LazyFrame]:
    """The values of each question: period_start, segment, a column a leaf."""
    return answered(asked, partials, _computed)


def _computed(reduction: Reduction, questions: Sequence[Question], partials: Partials) -> list[pl.DataFrame]:
    if there := partials.elsewhere.get(reduction):
        # NOTE: stays count keys exactly; sketches of days are put together for a window as for a month.
        windows = [one for one in questions if one.asked.reach and not one.asked.measure.approximate]
        others = [one for one in questions if one not in windows]
        told = dict(zip(others, of_periods(others, there), strict=True))
        return [told[one] if one in told else of_windows(one, there) for one in questions]
    first, last = partials.spans[reduction.model, reduction.time]
    span = _Span(first, (last - first).days + 1)
    found = _counted(reduction, questions, partials, span)
    return [
        _standing(one, found[one.asked.segments], span)
        if one.asked.reach
        else _in_periods(one, found[one.asked.segments], span)
        for one in questions
    ]


@dataclass(frozen=True)
class _Span:
    """The days that have rows, by number from 0."""

    first: date
    days: int

    def numbers(self, frame: pl.DataFrame, column: str) -> Whole:
        """The days of a column by number."""
        return day_numbers(frame.get_column(column), self.first)


def _counted(
    reduction: Reduction, questions: Sequence[Question], partials: Partials, span: _Span
) -> dict[Segments, dict[str, Found]]:
    """Reads the keys part by part, sorts each part once a breakdown, and counts all that is asked of it."""
    seen = partials.seen_of(reduction)
    filters = {one.column for one in reduction.measures if one.filter}
    counts = {
        segments: _Count(marks, segment_numbers(segments, seen.places), filters, span)
        for segments, marks in _wanted(questions, span).items()
    }
    with ThreadPoolExecutor(SORTS_AT_ONCE) as workers:
        for part in seen.by_key(ROWS_AT_ONCE, merged([one.spans for one in questions])):
            rows = _Rows.of(part, filters, span)
            list(workers.map(_Count.add, counts.values(), [rows] * len(counts)))
            del part, rows
    return {segments: one.found() for segments, one in counts.items()}


@dataclass(frozen=True)
class _Rows:
    """The rows of a part: when, where and who, and which filters let them through."""

    day: Days
    place: NDArray[np.integer]
    key: NDArray[np.integer]
    passed: dict[str, NDArray[np.bool_]]

    @classmethod
    def of(cls, part: pl.DataFrame, filters: Iterable[str], span: _Span) -> _Rows:
        """The rows of a frame."""
        return cls(
            part.get_column(DAY).cast(pl.Int32).to_numpy() - np.int32(day_number(span.first)),
            part.get_column(PLACE).to_numpy(),
            part.get_column("_key").to_numpy(),
            {name: part.get_column(name).to_numpy() for name in filters},
        )


class _Count:
    """What is counted of one breakdown: for each measure the visits by cell and code."""

    def __init__(self, marks: dict[str, Marks], numbers: Whole, filters: set[str], span: _Span) -> None:
        self._marks = marks
        self._numbers = numbers.astype(np.int32)
        self._filters = filters & marks.keys()
        self._days = span.days
        cells = (int(numbers.max(initial=0)) + 1) * span.days
        self._tallies = {column: Tally(cells * some.codes) for column, some in marks.items()}

    def add(self, rows: _Rows) -> None:
        """Sorts a part and counts its visits."""
        passed = {name: rows.passed[name] for name in sorted(self._filters)}
        unfiltered = [column for column in self._marks if column not in self._filters]
        for ordered in sort_visits(self._numbers[rows.place], rows.key, rows.day, passed, days=self._days):
            for column in (*unfiltered, *ordered.filters):
                name = column if column in self._filters else None
                ordered.tally(name, self._marks[column], self._tallies[column])
            unfiltered = []

    def found(self) -> dict[str, Found]:
        """What was counted, by measure."""
        return {column: Found.of(self._marks[column], self._days, self._tallies[column]) for column in self._marks}


def _wanted(questions: Iterable[Question], span: _Span) -> dict[Segments, dict[str, Marks]]:
    """What has to be counted: by segments, then by measure, every mark once."""
    wanted: dict[Segments, dict[str, list[tuple[Days, bool]]]] = {}
    for one in questions:
        since = _since(one, span)
        columns = wanted.setdefault(one.asked.segments, {})
        for measure in one.asked.named.values():
            marks = columns.setdefault(measure.column, [])
            marks += [(since, False), (since, True)] if one.asked.reach else [(since, False)]
    made: dict[tuple[tuple[bytes, bool], ...], Marks] = {}
    found: dict[Segments, dict[str, Marks]] = defaultdict(dict)
    for segments, columns in wanted.items():
        for column, marks in columns.items():
            alike = tuple((since.tobytes(), is_last) for since, is_last in marks)
            if alike not in made:
                made[alike] = Marks.of(marks)
            found[segments][column] = made[alike]
    return found


def _since(question: Question, span: _Span) -> Days:
    """For each day since when a key's visit must be its first to count: the start of its span, or of its window.

    Days in no span are -1: nothing is before them.
    """
    since = np.full(span.days, -1, np.int32)
    asked = question.asked
    if asked.reach:
        windows = begins(asked.reach, asked.timeline.calendar)
        if windows is None:
            return np.zeros(span.days, np.int32)
        day, start = span.numbers(windows, ANCHOR), span.numbers(windows, "_begin")
        inside = (day >= 0) & (day < span.days)
        since[day[inside]] = np.maximum(start[inside], 0)
        return since
    start, place = _spans_of_days(question, span)
    inside = place >= 0
    since[inside] = start[place[inside]]
    return since


def _spans_of_days(question: Question, span: _Span) -> tuple[Whole, Whole]:
    """The first days of the spans of periods, in order; for each day the place of its span, -1 where it has none."""
    spans = question.spans.sort("first_day")
    start, end = span.numbers(spans, "first_day"), span.numbers(spans, "last_day")
    day = np.arange(span.days)
    place = np.searchsorted(start, day, side="right") - 1
    return start, np.where((place >= 0) & (day <= end[np.maximum(place, 0)]), place, -1)


def _in_periods(question: Question, found: dict[str, Found], span: _Span) -> pl.DataFrame:
    """A period's distinct count: the keys whose first visit in it falls on one of its days."""
    since = _since(question, span)
    _, place = _spans_of_days(question, span)
    periods = question.spans.sort("first_day").select(question.keys[:-1])
    sums: dict[str, tuple[Whole, Whole]] = {}
    for name, measure in question.asked.named.items():
        counted = found[measure.column]
        numbers = counted.bearing(since)
        there = np.flatnonzero(numbers)
        segment, day = np.divmod(counted.cell[there], span.days)
        group = segment * periods.height + place[day]
        begin = np.flatnonzero(np.diff(group, prepend=-1))
        sums[name] = group[begin], np.add.reduceat(numbers[there], begin) if len(begin) else begin
    groups = np.unique(np.concatenate([group for group, _ in sums.values()]))
    segment, period = np.divmod(groups, max(periods.height, 1))
    columns = {SEGMENT: pl.Series(segment.astype(np.uint32))}
    for name, (group, number) in sums.items():
        column = np.zeros(len(groups), np.int64)
        column[np.searchsorted(groups, group)] = number
        columns[name] = pl.Series(column)
    return periods[period].with_columns(**columns)


def _standing(question: Question, found: dict[str, Found], span: _Span) -> pl.DataFrame:
    """A window's distinct count: the stays begun and not ended on the day it ends with; none before the first."""
    since = _since(question, span)
    wanted = question.spans.select(question.keys[:-1])
    anchor = span.numbers(wanted, ANCHOR)
    days = max(span.days, int(anchor.max(initial=0)) + 1)
    leaves = _leaves(question, span, days)
    counted = {name: found[measure.column] for name, measure in question.asked.named.items()}
    segments = np.unique(np.concatenate([one.cell[one.bearing(since) > 0] // span.days for one in counted.values()]))
    begun = {
        name: _running(one, one.bearing(since), segments, np.arange(span.days), days) for name, one in counted.items()
    }
    values = {}
    for name, one in counted.items():
        ended = _running(one, one.bearing(since, is_last=True), segments, leaves, days)
        values[name] = (begun[name] - ended)[:, anchor].ravel()
    seen = np.any([running[:, anchor] > 0 for running in begun.values()], axis=0).ravel()
    return question.of_segments(segments, values, seen)


def _leaves(question: Question, span: _Span, days: int) -> Whole:
    """For each day the first later one whose window no longer holds it; beyond all days where there is none."""
    asked = question.asked
    leaves = np.full(span.days, days, np.int64)
    gone = leaving(asked.reach, asked.timeline.calendar) if asked.reach else None
    if gone is not None:
        known = gone.drop_nulls("_leaves")
        day, leaves_on = span.numbers(known, DAY), span.numbers(known, "_leaves")
        inside = (day >= 0) & (day < span.days)
        leaves[day[inside]] = leaves_on[inside]
    return leaves


def _running(found: Found, numbers: Whole, segments: Whole, on: Whole, days: int) -> Whole:
    """By segment and day how many visits there were until then, if those of a day count on another."""
    segment, day = np.divmod(found.cell, found.days)
    counts = (numbers > 0) & (on[day] < days)
    grid = np.zeros((len(segments), days), np.int64)
    np.add.at(grid, (np.searchsorted(segments, segment[counts]), on[day[counts]]), numbers[counts])
    return grid.cumsum(axis=1)
