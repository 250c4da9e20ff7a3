"""Simple exponential smoothing: the usual level of a series, the latest periods counting most."""

from __future__ import annotations

import numpy as np

from kpi_pipeline.projection.nouns import Numbers

WEIGHTS = (0.1, 0.2, 0.35, 0.5, 0.8)
"""How much the newest period may count; which one is learned from the past of each series."""


def usual(values: Numbers, ahead: int) -> Numbers:
    """For each period the level that is expected of it from those at least `ahead` before; NaN before any is known.

    Every weight is tried on the periods so far, and the one counts whose expectations were closest.

    >>> usual(np.array([[4.0, 4.0, 4.0, 4.0]]), 1)
    array([[nan,  4.,  4.,  4.]])
    """
    weights = np.array(WEIGHTS)[:, None]
    rows, periods = values.shape
    level = np.full((len(WEIGHTS), rows), np.nan)
    off = np.zeros((len(WEIGHTS), rows))
    every = np.arange(rows)
    after = np.full((rows, periods), np.nan)
    for period in range(periods):
        found = values[:, period]
        is_known = np.isfinite(found)
        has_level = np.isfinite(level)
        off += np.where(is_known & has_level, np.abs(np.where(is_known, found, 0) - np.where(has_level, level, 0)), 0)
        moved = np.where(has_level, level + weights * (found - level), found)
        level = np.where(is_known, moved, level)
        after[:, period] = level[np.argmin(off, axis=0), every]
    return later(after, ahead)


def later(values: Numbers, periods: int) -> Numbers:
    """The values so many periods later: each as the newest that is known by then."""
    found = np.full_like(values, np.nan)
    if periods < values.shape[1]:
        found[:, periods:] = values[:, : values.shape[1] - periods]
    return found
