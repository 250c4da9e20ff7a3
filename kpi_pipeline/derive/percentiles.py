"""Percentiles of every grain, breakdown, filter and window: days stream by, and each span of days is looked at once.

Values stand in the order of segment and day, so the values of any period or window are one run of neighbours. Spans
are answered as soon as their last day was read; what no later span reaches back to is forgotten.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from functools import partial

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kpi_pipeline.derive.asked import Asked
from kpi_pipeline.derive.day_numbers import day_number, day_numbers
from kpi_pipeline.derive.elsewhere import of_periods
from kpi_pipeline.derive.partials import Partials
from kpi_pipeline.derive.places import segment_numbers
from kpi_pipeline.derive.remembered import answered
from kpi_pipeline.derive.runs import Numbers, Runs, Whole, percentiles, runs_of
from kpi_pipeline.derive.seen import DAY, PLACE, Seen
from kpi_pipeline.derive.segments import SEGMENT
from kpi_pipeline.derive.spans import Question, merged
from kpi_pipeline.plan import Reduction

ROWS_AT_ONCE = 2_000_000
"""NOTE: beside the rows of the longest open period, which have to be held."""
BREAKDOWNS_AT_ONCE = 2
"""NOTE: NumPy puts values in order beside Python, so two breakdowns are looked at a time."""


def percentile_values(asked: Sequence[Asked], partials: Partials) -> list[pl.LazyFrame]:
    """The values of each question: period_start, segment, a column a leaf."""
    return answered(asked, partials, _computed)


def _computed(reduction: Reduction, questions: Sequence[Question], partials: Partials) -> list[pl.DataFrame]:
    if there := partials.elsewhere.get(reduction):
        return of_periods(questions, there)
    asked = [_Spans(one) for one in questions]
    filters = {one.column for one in reduction.measures if one.filter}
    _answer(asked, partials.seen_of(reduction), filters)
    return [one.values() for one in asked]


@dataclass
class _Spans:
    """The spans of a question in the order of their last days, how many are answered, and what was found of them."""

    question: Question
    answered: int = 0
    found: dict[str, list[pl.DataFrame]] = field(default_factory=lambda: defaultdict(list))

    @property
    def is_open(self) -> bool:
        """Whether some span has no answer yet."""
        return self.answered < self.question.spans.height

    @property
    def since(self) -> date:
        """The first day that a span without an answer reaches back to."""
        day: date = self.question.spans.item(self.answered, "first_day")
        return day

    def ending_by(self, day: date) -> pl.DataFrame:
        """The spans not answered yet that end by a day."""
        return self.question.spans.slice(self.answered).filter(pl.col("last_day") <= day)

    def values(self) -> pl.DataFrame:
        """The keys and values found."""
        nothing, keys = self.question.nothing, self.question.keys
        values = nothing.select(keys)
        for name in self.question.asked.named:
            column = pl.concat([nothing.select(*keys, name), *(one.select(*keys, name) for one in self.found[name])])
            values = values.join(column, on=keys, how="full", coalesce=True)
        return values


def _answer(asked: Sequence[_Spans], seen: Seen, filters: set[str]) -> None:
    """Reads the days in order and answers each span when its last day was read."""
    kept: pl.DataFrame | None = None
    segments = dict.fromkeys(one.question.asked.segments for one in asked)
    alike = [
        (segment_numbers(one, seen.places), [spans for spans in asked if spans.question.asked.segments is one])
        for one in segments
    ]
    parts = _parts(seen.days, [one.question for one in asked])
    with ThreadPoolExecutor(BREAKDOWNS_AT_ONCE) as workers:
        for place, rows in enumerate(seen.by_days(parts)):
            last = parts[place][1] if place + 1 < len(parts) else date.max
            here = rows if kept is None or kept.is_empty() else pl.concat([kept, rows], rechunk=True)
            if part := _Rows.of(here, filters):
                list(workers.map(partial(_answer_ended, rows=part, last=last), alike))
            for spans in asked:
                spans.answered += spans.ending_by(last).height
            kept = here.filter(pl.col(DAY) >= min((one.since for one in asked if one.is_open), default=date.max))


@dataclass(frozen=True)
class _Rows:
    """The rows of a part: on which day after the first, where, which value, and which filters let them through."""

    first: date
    day: NDArray[np.int32]
    place: NDArray[np.integer]
    value: Numbers
    passed: dict[str, NDArray[np.bool_]]

    @classmethod
    def of(cls, part: pl.DataFrame, filters: Iterable[str]) -> _Rows | None:
        """The rows of a frame; None where it has none."""
        first = part.get_column(DAY).min()
        if not isinstance(first, date):
            return None
        return cls(
            first,
            part.get_column(DAY).cast(pl.Int32).to_numpy() - np.int32(day_number(first)),
            part.get_column(PLACE).to_numpy(),
            part.get_column("_value").to_numpy(),
            {name: part.get_column(name).to_numpy() for name in filters},
        )


def _answer_ended(of_breakdown: tuple[Whole, list[_Spans]], rows: _Rows, last: date) -> None:
    """Answers a breakdown's spans that end by a day; the rows are put in order once for each filter."""
    numbers, spans = of_breakdown
    ended = [(one, one.ending_by(last)) for one in spans]
    days, segments = int(rows.day.max()) + 1, int(numbers.max(initial=0)) + 1
    cell = (numbers * days).astype(np.int64)[rows.place]
    cell += rows.day
    for column in dict.fromkeys(measure.column for one in spans for measure in one.question.asked.named.values()):
        passed = rows.passed.get(column)
        some, values = (cell, rows.value) if passed is None else (cell[passed], rows.value[passed])
        runs = runs_of(some, values, segments=segments, days=days)
        for one, table in ended:
            _answer_of(one, column, table, runs, rows.first, segments)


def _answer_of(one: _Spans, column: str, table: pl.DataFrame, runs: Runs, first: date, segments: int) -> None:
    named = {name: measure for name, measure in one.question.asked.named.items() if measure.column == column}
    if not named or table.is_empty():
        return
    begin = np.maximum(day_numbers(table.get_column("first_day"), first), 0)
    end = np.minimum(day_numbers(table.get_column("last_day"), first), runs.days - 1)
    span = np.flatnonzero(begin <= end)
    segment, at = np.repeat(np.arange(segments), len(span)), np.tile(span, segments)
    starts, ends = runs.between(segment, begin[at], end[at])
    there = np.flatnonzero(ends > starts)
    shares = [(0.5 if one.quantile is None else one.quantile, one.discrete) for one in named.values()]
    made = percentiles(runs.values, starts[there], ends[there], shares)
    keys = table.select(one.question.keys[:-1])[at[there]]
    for name, values in zip(named, made, strict=True):
        number = pl.Series(SEGMENT, segment[there].astype(np.uint32))
        one.found[name].append(keys.with_columns(number, pl.Series(name, values)))


def _parts(days: pl.DataFrame, questions: list[Question]) -> list[tuple[date, date]]:
    """The days wanted in spans of about so many rows each.

    NOTE: they end where the longest periods end, so that few rows have to be kept and put in order again.
    """
    periods = [one.spans.get_column("last_day") for one in questions if not one.asked.reach]
    ends = min(periods, key=len).unique().sort() if periods else days.get_column(DAY)
    found: list[tuple[date, date]] = []
    part = (pl.col("rows").cum_sum() - pl.col("rows")) // ROWS_AT_ONCE
    for span in merged([one.spans for one in questions]):
        some = days.filter(pl.col(DAY).is_between(*span))
        some = some.with_columns(period=ends.search_sorted(some.get_column(DAY), side="left"))
        whole = some.group_by("period", maintain_order=True).agg(
            first=pl.col(DAY).min(), last=pl.col(DAY).max(), rows=pl.col("rows").sum()
        )
        parts = whole.group_by(part.alias("part"), maintain_order=True)
        found += parts.agg(pl.col("first").min(), pl.col("last").max()).select("first", "last").rows()
    return found
