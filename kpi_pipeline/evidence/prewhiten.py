"""Prewhitening: an autoregression takes the leader's own rhythm out of it, and the same filter is put on the follower.

Two series that each resemble their own past seem to resemble each other (Yule 1926; Box and Jenkins on transfer
functions). Of a leader without memory, a correlation at some lag is news about the follower.
"""

from __future__ import annotations

import numpy as np
from statsmodels.tsa.stattools import levinson_durbin

from kpi_pipeline.evidence.nouns import Series

PERIODS_A_LAG = 8


def autoregression(series: Series) -> Series:
    """The coefficients of the autoregression that Akaike's criterion prefers; none where the series has no memory."""
    centred = series - series.mean()
    most = min(int(10 * np.log10(len(series))), len(series) // PERIODS_A_LAG)
    solved = levinson_durbin(centred, nlags=most, isacov=False)
    variances = np.concatenate(
        ([centred @ centred / len(series)], solved.sigma[1:])
    )  # statsmodels leaves the first one 0
    criterion = len(series) * np.log(np.maximum(variances, 1e-300)) + 2 * np.arange(most + 1)
    order = int(np.argmin(criterion))
    return np.asarray(solved.phi[1 : order + 1, order], dtype=np.float64)


def filtered(series: Series, coefficients: Series) -> Series:
    """What of each value its own past does not say by these coefficients; the first ones, whose past is unknown, go.

    >>> filtered(np.array([1.0, 2.0, 4.0]), np.array([0.5])).tolist()
    [1.5, 3.0]
    """
    return np.convolve(series, np.concatenate(([1.0], -coefficients)), mode="valid")
