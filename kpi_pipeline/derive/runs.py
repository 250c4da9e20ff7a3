"""Values in runs of neighbours, and the k-th smallest of a run without sorting all of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]
Numbers = NDArray[np.float64]
SHORT = 2048
"""Runs up to this long are sorted, many at a time; of a longer one only the places asked for are found: quickselect."""
TOGETHER = 1 << 19
"""So many values of short runs are sorted at a time, so that they stay in the cache."""


@dataclass(frozen=True)
class Runs:
    """Values in the order of segment and day; those of cell `segment * days + day` begin at `starts[cell]`."""

    values: Numbers
    starts: Whole
    days: int

    def between(self, segment: Whole, first: Whole, last: Whole) -> tuple[Whole, Whole]:
        """Where the run of a segment's days from first to last begins, and where it ends (not included)."""
        return self.starts[segment * self.days + first], self.starts[segment * self.days + last + 1]


def in_order(cell: NDArray[np.integer], cells: int) -> Whole | slice:
    """The order of rows by cell; everything as it stands where it is in order already.

    NOTE: stable sorts of 16-bit numbers are radix sorts, so two of them are faster than one of long numbers.
    """
    if bool((cell[1:] >= cell[:-1]).all()):
        return slice(None)
    if cells <= 1 << 16:
        return np.argsort(cell.astype(np.uint16), kind="stable")
    if cells > 1 << 32:
        return np.argsort(cell, kind="stable")
    low = np.argsort((cell & 0xFFFF).astype(np.uint16), kind="stable")
    return low[np.argsort((cell[low] >> 16).astype(np.uint16), kind="stable")]


def runs_of(cell: NDArray[np.integer], values: Numbers, *, segments: int, days: int) -> Runs:
    """The values in runs."""
    starts = np.zeros(segments * days + 1, np.int64)
    np.cumsum(np.bincount(cell, minlength=segments * days), out=starts[1:])
    return Runs(values[in_order(cell, segments * days)], starts, days)


def ranked(values: Numbers, starts: Whole, ends: Whole, places: Whole) -> Numbers:
    """Of each run the values at its places, were it sorted; a row a run, a column a place, places rising."""
    found = np.empty(places.shape, np.float64)
    size = ends - starts
    for at in np.flatnonzero(size > SHORT).tolist():
        found[at] = _selected(values[starts[at] : ends[at]].copy(), places[at].tolist())
    for some in _of_like_size(size):
        found[some] = _sorted_together(values, starts[some], size[some], places[some])
    return found


def _selected(run: Numbers, places: list[int]) -> list[float]:
    """The values at rising places of a run; what lies before one is not looked at for the next."""
    found: list[float] = []
    begin = 0
    for place in places:
        if place == begin - 1:
            found.append(found[-1])
        elif place == begin and begin:
            # NOTE: what is left lies behind the place before, so its smallest is next.
            found.append(float(run[begin:].min()))
            begin += 1
        else:
            run[begin:].partition(place - begin)
            found.append(float(run[place]))
            begin = place + 1
    return found


def _of_like_size(size: Whole) -> Iterator[Whole]:
    """The short runs in groups that differ little in size and have few values together."""
    short = np.flatnonzero(size <= SHORT)
    short = short[np.argsort(size[short], kind="stable")]
    start = 0
    while start < len(short):
        alike = np.searchsorted(size[short], size[short[start]] * 5 // 4 + 8, side="right")
        end = min(int(alike), start + max(TOGETHER // max(int(size[short[alike - 1]]), 1), 1))
        yield short[start:end]
        start = end


def _sorted_together(values: Numbers, starts: Whole, size: Whole, places: Whole) -> Numbers:
    """The values at the places of some short runs: laid in rows, which are filled up with what comes last."""
    column = np.arange(int(size.max()))
    rows = values.take(starts[:, None] + column, mode="clip")
    rows[column >= size[:, None]] = np.inf
    rows.sort(axis=1)
    return np.take_along_axis(rows, places, axis=1)


def percentiles(values: Numbers, starts: Whole, ends: Whole, shares: list[tuple[float, bool]]) -> list[Numbers]:
    """The percentiles of each run; a share and whether it is discrete, for each a column.

    Continuous: linear between the two nearest places, as SQL's percentile_cont. Discrete: the first value at or beyond
    the share, as percentile_disc.
    """
    size = (ends - starts).astype(np.float64)
    exact = [_discrete(size, share) if discrete else (size - 1) * share for share, discrete in shares]
    places = np.stack([_whole(edge) for place in exact for edge in (np.floor(place), np.ceil(place))], axis=1)
    order = np.argsort(places, axis=1, kind="stable")
    sorted_places = np.take_along_axis(places, order, axis=1)
    found = np.empty(places.shape, np.float64)
    np.put_along_axis(found, order, ranked(values, starts, ends, sorted_places), axis=1)
    return [
        _between(found[:, 2 * column], found[:, 2 * column + 1], place - np.floor(place))
        for column, place in enumerate(exact)
    ]


def _discrete(size: Numbers, share: float) -> Numbers:
    return np.maximum(np.ceil(size * share), 1) - 1


def _whole(numbers: Numbers) -> Whole:
    return numbers.astype(np.int64)


def _between(lower: Numbers, upper: Numbers, part: Numbers) -> Numbers:
    """NOTE: equal neighbours are their value, also where they are infinite."""
    with np.errstate(invalid="ignore"):
        return np.where(lower == upper, lower, part * (upper - lower) + lower)
