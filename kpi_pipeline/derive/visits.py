"""Who was seen where and when, sorted once, so that every distinct count is a comparison with the row before.

Segment, key and day are packed into one whole number, with a bit for every filter. After one sort the visits of a key
in a segment stand together in the order of their days. A visit is the key's first in a period if the visit before it
lies before the period began (or belongs to another key); so the distinct count of a period is the number of visits
that are firsts, whatever the grain. In a trailing window it is the same comparison: a visit begins a stay if the one
before lies before the window that ends with it, and a visit ends a stay if the next one begins another. See
docs/decisions/distinct-counts-by-one-sort.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kpi_pipeline.derive.compiled import WORTH_IT, kernel
from kpi_pipeline.derive.tally import DENSE, Whole, occurring

Truth = NDArray[np.bool_]
FIRST, LAST = "first", "last"
WIDTH = 63
"""The bits of a whole number that has no sign."""
CODES = 6
"""How many comparisons are counted at once: 64 combinations keep the counters of a segment in the cache."""


@dataclass(frozen=True)
class Mark:
    """What makes a visit count: being the first since `since[day]`, or the last before such a one."""

    since: NDArray[np.int32]
    which: str = FIRST


@dataclass(frozen=True)
class Visits:
    """Visits in the order of segment, key and day, of one filter.

    `cell` is segment x days + day, `day` the number of the day, `before` that of the key's visit before this one, -1
    where there is none.
    """

    cell: Whole
    day: NDArray[np.int32]
    before: NDArray[np.int32]

    def counted(self, marks: Sequence[Mark], cells: int) -> list[tuple[Whole, Whole]]:
        """For each mark the cells in which visits bear it, with their number."""
        found: list[tuple[Whole, Whole]] = []
        for start in range(0, len(marks), CODES):
            some = marks[start : start + CODES]
            code = np.zeros(len(self.day), np.uint8)
            for bit, mark in enumerate(some):
                code |= self._bearing(mark).view(np.uint8) << np.uint8(bit)
            place, number = occurring((self.cell << len(some)) | code, cells << len(some))
            for bit in range(len(some)):
                bearing = (place >> bit) & 1 == 1
                found.append((place[bearing] >> len(some), number[bearing]))
        return found

    def _bearing(self, mark: Mark) -> Truth:
        begins: Truth = mark.since[self.day] > self.before
        return begins if mark.which == FIRST else np.append(begins[1:], True)[: len(begins)]


@dataclass(frozen=True)
class Sorted:
    """Packed visits in order, from the highest bits: segment, key, day, a bit a filter."""

    packed: Whole
    key_bits: int
    day_bits: int
    filters: tuple[str, ...]
    days: int

    def counted(self, column: str | None, marks: Sequence[Mark], cells: int) -> list[tuple[Whole, Whole]]:
        """For each mark the cells in which visits bear it that a filter let through, with their number."""
        count = kernel() if len(self.packed) >= WORTH_IT and cells <= DENSE else None
        if count is None:
            return self.of(column).counted(marks, cells)
        found = np.zeros((len(marks), cells), np.int64)
        since = np.stack([mark.since for mark in marks], axis=1)
        lasts = np.array([mark.which == LAST for mark in marks])
        bit = -1 if column is None else self.filters.index(column)
        count(self.packed, bit, len(self.filters), self.day_bits, self.key_bits, self.days, since, lasts, found)
        there = [np.flatnonzero(row) for row in found]
        return [(cell, row[cell]) for cell, row in zip(there, found, strict=True)]

    def of(self, column: str | None) -> Visits:
        """The visits that a filter let through; all of them without one."""
        packed = self.packed
        if column is not None:
            packed = packed[(packed >> self.filters.index(column)) & 1 == 1]
        packed = packed >> len(self.filters)
        day = (packed & ((1 << self.day_bits) - 1)).astype(np.int32)
        owner = packed >> self.day_bits
        before = np.full(len(day), -1, np.int32)
        np.copyto(before[1:], day[:-1], where=owner[1:] == owner[:-1])
        return Visits((owner >> self.key_bits) * self.days + day, day, before)


def sort_visits(
    segment: Whole, key: Whole, day: NDArray[np.int32], filters: dict[str, Truth], *, days: int
) -> list[Sorted]:
    """The visits sorted; where a whole number has no room for all filters, once for every few of them."""
    key, key_bits = _narrowed(key, WIDTH - _bits(segment) - days.bit_length() - min(len(filters), CODES))
    day_bits = days.bit_length()
    owner = (segment << (key_bits + day_bits)) | (key << day_bits)
    owner |= day
    room = WIDTH - _bits(segment) - key_bits - day_bits
    names = list(filters)
    found = []
    for start in range(0, max(len(names), 1), max(room, 1)):
        some = tuple(names[start : start + room])
        packed = owner << len(some)
        for bit, name in enumerate(some):
            packed |= filters[name].astype(np.int64) << bit
        packed.sort()
        found.append(Sorted(packed, key_bits, day_bits, some, days))
    return found


def _narrowed(key: Whole, room: int) -> tuple[Whole, int]:
    """The keys as whole numbers from 0 on that fit into so many bits."""
    if not len(key):
        return key, 1
    low = int(key.min())
    span = int(key.max()) - low
    if span.bit_length() > room:
        key = np.unique(key, return_inverse=True)[1].astype(np.int64)
        return key, _bits(key)
    return key - low, max(span.bit_length(), 1)


def _bits(numbers: Whole) -> int:
    return max(int(numbers.max(initial=0)).bit_length(), 1)
