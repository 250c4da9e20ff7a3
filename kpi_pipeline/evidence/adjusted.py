"""Of many claims some look true by chance: p-values corrected for how many were looked at."""

from __future__ import annotations

from collections.abc import Sequence

from scipy import stats


def adjusted(p_values: Sequence[float | None]) -> tuple[float | None, ...]:
    """Benjamini and Hochberg (1995): among the claims at or below a level, that share at most is false on average.

    Claims without a p were not tested, and do not count.

    >>> adjusted([0.01, None, 0.04])
    (0.02, None, 0.04)
    """
    tested = [p for p in p_values if p is not None]
    if not tested:
        return tuple(None for _ in p_values)
    corrected = iter(stats.false_discovery_control(tested, method="bh"))
    return tuple(None if p is None else float(next(corrected)) for p in p_values)
