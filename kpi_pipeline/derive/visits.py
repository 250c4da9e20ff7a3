"""Who was seen where and when, sorted once, so that every distinct count is a comparison with the row before.

Segment, key and day are packed into one whole number, with a bit for every filter. After one sort the visits of a key
in a segment stand together in the order of their days. A visit is the key's first in a period if the visit before it
lies before the period began (or belongs to another key); so the distinct count of a period is the number of visits
that are firsts, whatever the grain. In a trailing window it is the same comparison: a visit begins a stay if the one
before lies before the window that ends with it, and a visit ends a stay if the next one begins another. See
docs/decisions/distinct-counts-by-one-sort.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kpi_pipeline.derive.compiled import WORTH_IT, kernel
from kpi_pipeline.derive.marks import NOBODY, Marks
from kpi_pipeline.derive.tally import Tally, Whole

Truth = NDArray[np.bool_]
WIDTH = 63
"""The bits of a whole number that has no sign."""
FEWEST = 6
"""So many filters have room beside a key, at least; keys too wide for that are numbered."""
AT_ONCE = 1 << 15
"""NOTE: so many visits are looked at together that all that is made of them stays in the cache of a core."""


@dataclass(frozen=True, eq=False)
class Sorted:
    """Packed visits in order, from the highest bits: segment, key, day, a bit a filter.

    Before the first and after the last stands -1, which is nobody's visit.
    """

    packed: Whole
    key_bits: int
    day_bits: int
    filters: tuple[str, ...]
    days: int

    def tally(self, column: str | None, marks: Marks, tally: Tally) -> None:
        """Counts the visits that a filter let through (all of them without one), by cell and code of their marks."""
        compiled = kernel() if len(self.packed) >= WORTH_IT else None
        counters = tally.counters(len(self.packed))
        firsts, lasts = marks.firsts.table, marks.lasts.table
        if compiled is None or counters is None or firsts is None or lasts is None:
            tally.count(self._places(column, marks))
            return
        bit = -1 if column is None else self.filters.index(column)
        fields = (bit, len(self.filters), self.day_bits, self.key_bits, self.days)
        compiled(self.packed, *fields, firsts, lasts, marks.lasts.height + 1, marks.codes, counters)

    def _places(self, column: str | None, marks: Marks) -> Whole:
        """Of each visit its cell times the number of codes, and its code."""
        visits = self.packed
        if column is not None:
            passed = (visits >> self.filters.index(column)) & 1 == 1
            passed[0] = passed[-1] = True
            visits = visits[passed]
        found = np.empty(len(visits) - 2, np.int64)
        for start in range(0, len(found), AT_ONCE):
            some = visits[start : start + AT_ONCE + 2] >> len(self.filters)
            day = some & ((1 << self.day_bits) - 1)
            owner = some >> self.day_bits
            same = owner[1:] == owner[:-1]
            here = day[1:-1]
            code = marks.firsts.levels(here, np.where(same[:-1], day[:-2], NOBODY)).astype(np.int64)
            if marks.lasts.height:
                code *= marks.lasts.height + 1
                code += marks.lasts.levels(here, np.where(same[1:], day[2:], self.days + 1))
            cell = (owner[1:-1] >> self.key_bits) * self.days + here
            found[start : start + AT_ONCE] = cell * marks.codes + code
        return found


def sort_visits(
    segment: NDArray[np.integer],
    key: NDArray[np.integer],
    day: NDArray[np.integer],
    filters: Mapping[str, Truth],
    *,
    days: int,
) -> list[Sorted]:
    """The visits sorted; where a whole number has no room for all filters, once for every few of them."""
    day_bits, segment_bits = days.bit_length(), _bits(segment)
    key, key_bits = narrowed(key, WIDTH - segment_bits - day_bits - min(len(filters), FEWEST))
    room = WIDTH - segment_bits - key_bits - day_bits
    names = list(filters)
    found = []
    for start in range(0, max(len(names), 1), max(room, 1)):
        some = tuple(names[start : start + room])
        packed = np.empty(len(key) + 2, np.int64)
        packed[0] = packed[-1] = -1
        for at in range(0, len(key), AT_ONCE):
            here = slice(at, at + AT_ONCE)
            owner = (segment[here].astype(np.int64) << key_bits) | key[here]
            visit = (owner << day_bits) | day[here]
            for name in reversed(some):
                visit <<= 1
                visit |= filters[name][here]
            packed[at + 1 : at + 1 + len(visit)] = visit
        packed[1:-1].sort()
        found.append(Sorted(packed, key_bits, day_bits, some, days))
    return found


def narrowed(key: NDArray[np.integer], room: int) -> tuple[NDArray[np.integer], int]:
    """The keys as whole numbers from 0 on that fit into so many bits."""
    if not len(key):
        return key, 1
    low, high = int(key.min()), int(key.max())
    if low >= 0 and high.bit_length() <= room:
        return key, max(high.bit_length(), 1)
    if (high - low).bit_length() <= room:
        return key.astype(np.int64) - low, max((high - low).bit_length(), 1)
    key = np.unique(key, return_inverse=True)[1].astype(np.int64)
    return key, _bits(key)


def _bits(numbers: NDArray[np.integer]) -> int:
    return max(int(numbers.max(initial=0)).bit_length(), 1)
