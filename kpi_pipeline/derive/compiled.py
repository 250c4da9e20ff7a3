"""The comparison with the visit before, compiled, where numba is installed (`pip install "kpi_pipeline[fast]"`).

The same as `Visits.counted` in one pass instead of a dozen; what it finds is the same.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

WORTH_IT = 2_000_000
"""Fewer visits are counted before numba is imported."""

Kernel = Callable[..., None]


@cache
def kernel() -> Kernel | None:
    """The compiled comparison; None without numba."""
    if find_spec("numba") is None:
        return None
    from numba import njit

    made: Kernel = njit(nogil=True, cache=True)(count_marks)
    return made


def count_marks(
    packed: NDArray[np.int64],
    filter_bit: int,
    filters: int,
    day_bits: int,
    key_bits: int,
    days: int,
    since: NDArray[np.int32],
    lasts: NDArray[np.bool_],
    found: NDArray[np.int64],
) -> Any:
    """Adds to `found[mark, cell]` the visits that bear a mark.

    Args:
        packed: the visits in order, each segment, key, day and filters from the highest bit.
        filter_bit: the filter's bit; -1 takes every visit.
        filters: how many bits are filters.
        day_bits: how many bits are the day.
        key_bits: how many bits are the key.
        days: how many days there are.
        since: by day and mark, since when a visit must be its key's first.
        lasts: whether a mark is of the last visit before such a one.
        found: by mark and cell.
    """
    owner_before, before, cell_before = -1, -1, -1
    for one in packed:
        if filter_bit >= 0 and (one >> filter_bit) & 1 == 0:
            continue
        visit = one >> filters
        day = visit & ((1 << day_bits) - 1)
        owner = visit >> day_bits
        if owner != owner_before:
            before = -1
        cell = (owner >> key_bits) * days + day
        for mark in range(len(lasts)):
            if since[day, mark] > before:
                if not lasts[mark]:
                    found[mark, cell] += 1
                elif cell_before >= 0:
                    found[mark, cell_before] += 1
        owner_before, before, cell_before = owner, day, cell
    for mark in range(len(lasts)):
        if lasts[mark] and cell_before >= 0:
            found[mark, cell_before] += 1
