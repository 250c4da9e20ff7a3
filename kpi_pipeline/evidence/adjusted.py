"""Of many claims some look true by chance: p-values corrected for how many were looked at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def adjusted(p_values: Sequence[float | None]) -> tuple[float | None, ...]:
    """Benjamini and Hochberg (1995): among the claims at or below a level, that share at most is false on average.

    Claims without a p were not tested, and do not count. Plain numpy, because it is done in every run, also in those
    that test nothing and need no scipy.

    >>> adjusted([0.01, None, 0.04])
    (0.02, None, 0.04)
    """
    tested = np.array([p for p in p_values if p is not None])
    order = np.argsort(tested)
    shares = tested[order] * len(tested) / np.arange(1, len(tested) + 1)
    corrected = np.empty_like(tested)
    corrected[order] = np.minimum.accumulate(shares[::-1])[::-1].clip(max=1)
    found = iter(corrected)
    return tuple(None if p is None else float(next(found)) for p in p_values)


def needed(p_values: Sequence[float | None], level: float) -> tuple[float | None, ...]:
    """The highest p that each claim may have so that, corrected for all, it is still at or below the level.

    It is the level times the share of the claims that would be found if this one were.

    >>> needed([0.001, None, 0.04, 0.6, 0.7], 0.05)
    (0.0125, None, 0.025, 0.025, 0.025)
    """
    tested = np.array([p for p in p_values if p is not None])
    steps = level * np.arange(1, len(tested) + 1) / max(1, len(tested))
    found = iter([steps[_found(np.delete(tested, place), steps)] for place in range(len(tested))])
    return tuple(None if p is None else float(next(found)) for p in p_values)


def _found(others: NDArray[np.float64], steps: NDArray[np.float64]) -> int:
    """How many others are found beside a claim that is."""
    return int(np.flatnonzero(np.append(True, np.sort(others) <= steps[1:]))[-1])
