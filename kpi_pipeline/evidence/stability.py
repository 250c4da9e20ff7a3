"""Does it hold all the time? The correlation at the measured lag in windows that roll over the periods."""

from __future__ import annotations

import numpy as np
from scipy import stats

from kpi_pipeline.evidence.nouns import Series, Window

WINDOWS = 5
SHORTEST = 30
HOLDS = 0.10


def windows(leader: Series, follower: Series, lag: int, correlation: float, first: int) -> tuple[Window, ...]:
    """Windows of half of the periods, evenly spread from the first to the last; none where half is too few.

    The series are prewhitened; `first` is the position of their first period in the series as they were given.
    """
    periods = len(leader)
    length = -(-periods // 2)
    if length - lag < SHORTEST:
        return ()
    starts = np.unique(np.linspace(0, periods - length, WINDOWS).round().astype(int))
    return tuple(_window(leader, follower, lag, correlation, int(start), length, first) for start in starts)


def share_held(held: tuple[Window, ...]) -> float | None:
    """The share of windows in which the claim holds; None where there are none."""
    return sum(window.holds for window in held) / len(held) if held else None


def _window(
    leader: Series, follower: Series, lag: int, correlation: float, start: int, length: int, first: int
) -> Window:
    before = leader[start : start + length - lag]
    after = follower[start + lag : start + length]
    before, after = before - before.mean(), after - after.mean()
    size = float(np.sqrt((before @ before) * (after @ after)))
    seen = float(before @ after) / size if size > 0 else 0.0
    freedom = len(before) - 2
    p = float(2 * stats.t.sf(abs(seen) * np.sqrt(freedom / max(1 - seen**2, 1e-12)), freedom))
    return Window(first + start, first + start + length - 1, seen, p, seen * correlation > 0 and p <= HOLDS)
