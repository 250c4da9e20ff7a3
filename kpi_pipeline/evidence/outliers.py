"""Values that stand far out are pulled in, so that one event is not taken for a pattern."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from kpi_pipeline.evidence.nouns import Series
from kpi_pipeline.evidence.regression import Columns, basis_of

NEIGHBOURS = 3
"""Periods on either side whose median says what was usual at that time."""
FAR = 6.0
"""Robust standard deviations from the median of the neighbours that are still believed."""
FAR_INNOVATION = 4.0
"""The same for what is left after prewhitening, where usual is zero."""
ROUNDS = 20
SETTLED = 1e-3
"""Of a standard deviation: what moves less from one round to the next has settled."""


def spread(deviations: Series) -> float:
    """The standard deviation of a normal series with this median absolute deviation; of many zeros, with this mean."""
    median = float(np.median(np.abs(deviations)))
    return 1.4826 * median if median > 0 else 1.2533 * float(np.mean(np.abs(deviations)))


def pulled_in(series: Series) -> tuple[Series, int]:
    """The series with values farther than `FAR` from the median of their neighbours put there; and how many they are.

    A level that shifts for good has neighbours that shift with it, and stays.

    >>> pulled_in(np.array([1.0, 2, 1, 2, 1, 900, 1, 2, 1, 2, 1]))[1]
    1
    """
    window = 2 * NEIGHBOURS + 1
    usual = np.median(sliding_window_view(np.pad(series, NEIGHBOURS, mode="reflect"), window), axis=1)
    away = series - usual
    limit = FAR * spread(away)
    clipped = usual + np.clip(away, -limit, limit)
    out = np.abs(away) > limit * (1 + 1e-9)
    return np.where(out, clipped, series), int(np.count_nonzero(out))


def left_by_most(values: Series, given: Columns) -> Series:
    """What of a series the regressors do not explain, where one event may not bend what they explain.

    A shift of level in both series is one event. Least squares make a season of it, and so leave traces of it a season
    earlier and later in both: one event would look like several that agree. What lies beyond `FAR_INNOVATION` robust
    standard deviations is put there before the regression is made again, until nothing moves (Huber's M-estimate).
    """
    basis = basis_of(given)
    believed = values
    for _ in range(ROUNDS):
        fitted = basis @ (basis.T @ believed)
        left = values - fitted
        before, believed = believed, fitted + np.median(left) + tamed(left)
        if np.max(np.abs(believed - before)) <= SETTLED * spread(left):
            break
    return believed - basis @ (basis.T @ believed)


def tamed(innovations: Series) -> Series:
    """Innovations around zero, none farther out than `FAR_INNOVATION` robust standard deviations."""
    centred = innovations - np.median(innovations)
    limit = FAR_INNOVATION * spread(centred)
    return np.clip(centred, -limit, limit)
