"""The comparison with the visit before, compiled, where numba is installed (`pip install "kpi_pipeline[fast]"`).

The same as `Sorted.tally` in one pass instead of a dozen; what it finds is the same.
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

    made: Kernel = njit(nogil=True, cache=True)(count_codes)
    return made


def count_codes(
    packed: NDArray[np.int64],
    filter_bit: int,
    filters: int,
    day_bits: int,
    key_bits: int,
    days: int,
    firsts: NDArray[np.uint16],
    lasts: NDArray[np.uint16],
    levels_of_lasts: int,
    codes: int,
    counters: NDArray[np.int64],
) -> Any:
    """Adds one to the counter of every visit's cell and code.

    Args:
        packed: the visits in order, each segment, key, day and filters from the highest bit, between two of nobody.
        filter_bit: the filter's bit; -1 takes every visit.
        filters: how many bits are filters.
        day_bits: how many bits are the day.
        key_bits: how many bits are the key.
        days: how many days there are.
        firsts: the level of a day at the day before + 1.
        lasts: the level of a day at the next day + 1.
        levels_of_lasts: how many levels there are of lasts.
        codes: how many codes there are.
        counters: by cell and code.
    """
    owner, day, place = -1, -1, -1
    for one in packed[1:-1]:
        if filter_bit >= 0 and (one >> filter_bit) & 1 == 0:
            continue
        visit = one >> filters
        next_day = visit & ((1 << day_bits) - 1)
        next_owner = visit >> day_bits
        same = next_owner == owner
        if place >= 0:
            counters[place + (lasts[day, next_day + 1 if same else days + 2] if levels_of_lasts > 1 else 0)] += 1
        before = day if same else -1
        cell = (next_owner >> key_bits) * days + next_day
        place = cell * codes + firsts[next_day, before + 1] * levels_of_lasts
        owner, day = next_owner, next_day
    if place >= 0:
        counters[place + (lasts[day, days + 2] if levels_of_lasts > 1 else 0)] += 1
