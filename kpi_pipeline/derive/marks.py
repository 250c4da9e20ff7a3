"""What makes a visit count, for many periods and windows at once.

A visit is the first of its period if the visit before lies before the day the period began. So every period or window
gives each day a threshold, and a visit bears the marks whose thresholds lie beyond the visit before. Put in order, the
thresholds of a day are a ladder: how many lie beyond says which ones, so one number a visit tells all its marks, and
how many marks are asked for costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kpi_pipeline.derive.tally import Tally, Whole

Days = NDArray[np.int32]
Levels = NDArray[np.uint8] | NDArray[np.uint16]
NOBODY = -1
"""The day of the visit before where there is none."""
LOOKED_UP = 1 << 24
"""So many pairs of days have a table; NOTE: beyond eleven years it would no longer fit into the cache."""


@dataclass(frozen=True, eq=False)
class Ladder:
    """Thresholds by mark and day; a day's level at another day is how many of its thresholds lie beyond that one."""

    thresholds: Days

    @property
    def height(self) -> int:
        """The highest level."""
        return len(self.thresholds)

    @cached_property
    def rank(self) -> Days:
        """For each mark and day how many thresholds of the day come before it, the farthest first."""
        order = np.argsort(-self.thresholds, axis=0, kind="stable")
        ranks = np.empty_like(self.thresholds)
        np.put_along_axis(ranks, order, np.arange(self.height, dtype=np.int32)[:, None], axis=0)
        return ranks

    @cached_property
    def table(self) -> Levels | None:
        """The level by day and other day + 1; None where there are too many days."""
        days = self.thresholds.shape[1]
        if days * (days + 3) > LOOKED_UP:
            return None
        table = np.zeros((days, days + 3), np.min_scalar_type(self.height))
        for threshold in self.thresholds:
            table += threshold[:, None] > np.arange(-1, days + 2, dtype=np.int32)
        return table

    def levels(self, day: NDArray[np.integer], other: NDArray[np.integer]) -> Levels:
        """The level of each day at another one."""
        if self.table is not None:
            return np.asarray(self.table.ravel().take(day * self.table.shape[1] + other + 1))
        found: Levels = np.zeros(len(day), np.min_scalar_type(self.height))
        for threshold in self.thresholds:
            found += threshold[day] > other
        return found


@dataclass(frozen=True, eq=False)
class Marks:
    """The marks asked for: firsts since a day, and last visits before such a one (of windows, which never go back).

    A visit's code says all its marks: its level among the thresholds of firsts, then that of lasts.
    """

    firsts: Ladder
    lasts: Ladder
    named: Mapping[tuple[bytes, bool], int]
    """By `since` and whether it is of lasts, its place in the ladder."""

    @classmethod
    def of(cls, asked: Sequence[tuple[Days, bool]]) -> Marks:
        """The marks; each is `since`, by day, and whether it is of the last visit before a first."""
        named: dict[tuple[bytes, bool], int] = {}
        rows: tuple[list[Days], list[Days]] = ([], [])
        for since, is_last in asked:
            if (since.tobytes(), is_last) not in named:
                named[since.tobytes(), is_last] = len(rows[is_last])
                rows[is_last].append(_until(since) if is_last else since)
        days = len(asked[0][0])
        firsts, lasts = (Ladder(np.array(some, np.int32).reshape(len(some), days)) for some in rows)
        return cls(firsts, lasts, named)

    @property
    def codes(self) -> int:
        """How many codes there are."""
        return (self.firsts.height + 1) * (self.lasts.height + 1)


@dataclass(frozen=True, eq=False)
class Found:
    """How many visits of each code were found, by cell (segment x days + day)."""

    marks: Marks
    days: int
    cell: Whole
    numbers: NDArray[np.int64]
    """A row a cell, a column a code."""

    @classmethod
    def of(cls, marks: Marks, days: int, tally: Tally) -> Found:
        """What was counted, in rows."""
        places, numbers = tally.total()
        cell, code = np.divmod(places, marks.codes)
        cells, row = np.unique(cell, return_inverse=True)
        by_code = np.zeros((len(cells), marks.codes), np.int64)
        by_code[row, code] = numbers
        return cls(marks, days, cells, by_code)

    def bearing(self, since: Days, *, is_last: bool = False) -> Whole:
        """How many of a cell's visits bear a mark."""
        place = self.marks.named[since.tobytes(), is_last]
        rows, day = np.arange(len(self.cell)), self.cell % self.days
        if is_last:
            return np.asarray(self._lasts[rows, self.marks.lasts.rank[place, day]])
        return np.asarray(self._firsts[rows, self.marks.firsts.rank[place, day] + 1])

    @cached_property
    def _levels(self) -> Whole:
        return self.numbers.reshape(len(self.cell), self.marks.firsts.height + 1, self.marks.lasts.height + 1)

    @cached_property
    def _firsts(self) -> Whole:
        """How many visits have a level of firsts at least as high."""
        return np.asarray(self._levels.sum(axis=2)[:, ::-1].cumsum(axis=1)[:, ::-1])

    @cached_property
    def _lasts(self) -> Whole:
        """How many visits have a level of lasts at most as high."""
        return np.asarray(self._levels.sum(axis=1).cumsum(axis=1))


def _until(since: Days) -> Days:
    """For each day the first later one from which on a visit is a first again; beyond all days where there is none."""
    days = np.arange(len(since))
    found = np.searchsorted(since, days, side="right")
    return np.where(found < len(since), found, len(since) + 1).astype(np.int32)
