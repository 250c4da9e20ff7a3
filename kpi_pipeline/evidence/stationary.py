"""Logarithms and differences, so that a correlation does not only say that both have a history."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from enum import StrEnum

import numpy as np
from statsmodels.tsa.stattools import adfuller, kpss

from kpi_pipeline.evidence.nouns import Series
from kpi_pipeline.evidence.regression import Columns, lagged, left_over

GROWN = 1.25
"""The usual value of the last third beside that of the first, from which on a level has moved."""
LEVEL = 0.05
MOST_DIFFERENCES = 2


class Need(StrEnum):
    """What a series needs to be stationary."""

    NOTHING = "nothing"
    TREND = "trend"
    DIFFERENCE = "difference"


def grows(series: Series) -> bool:
    """Whether changes are better seen as shares: all positive, a level that moved, and changes that move with it.

    The usual value of the last third must be a quarter above that of the first, or as much below; and changes in logs
    must be more alike in size in both thirds than changes themselves.

    >>> grows(np.array([1.0, 1.1, 1, 2, 2.2, 2, 4, 4.4, 4])), grows(np.array([-1.0, 1, 2, 2, 3, 3]))
    (True, False)
    """
    if not np.all(series > 0):
        return False
    third = max(1, len(series) // 3)
    ratio = float(np.median(series[-third:]) / np.median(series[:third]))
    if 1 / GROWN < ratio < GROWN:
        return False
    return _uneven(np.diff(np.log(series)), third) < _uneven(np.diff(series), third)


def scaled(series: Series, *, logged: bool) -> Series:
    """In logarithms, or in units of its own size, so that no arithmetic overflows."""
    if logged:
        return np.log(series)
    size = float(np.max(np.abs(series)))
    return series / size if size > 0 else series


def _uneven(changes: Series, third: int) -> float:
    """How far apart the usual size of a change is in the first and the last third, as a logarithm."""
    early, late = float(np.mean(np.abs(changes[:third]))), float(np.mean(np.abs(changes[-third:])))
    return float(abs(np.log(max(late, 1e-300)) - np.log(max(early, 1e-300))))


def need(series: Series) -> Need:
    """What both tests ask for: ADF must refuse a unit root and KPSS must not refuse that there is none."""
    if _adf(series, "c") < LEVEL and _kpss(series, "c") > LEVEL:
        return Need.NOTHING
    if _adf(series, "ct") < LEVEL and _kpss(series, "ct") > LEVEL:
        return Need.TREND
    return Need.DIFFERENCE


def differences(series: tuple[Series, ...], season: Columns) -> tuple[int, bool]:
    """How often all series are to be differenced, and whether a straight trend is to be removed instead.

    All are treated as the one that needs most: differencing one alone would move its lag. After the first difference
    only ADF is asked, for KPSS refuses one of twenty series that need nothing.
    """
    needs = [need(_without(season, one)) for one in series]
    if Need.DIFFERENCE not in needs:
        return 0, Need.TREND in needs
    again = any(_adf(np.diff(_without(season, one)), "c") >= LEVEL for one in series)
    return (MOST_DIFFERENCES if again else 1), False


def _without(season: Columns, series: Series) -> Series:
    return left_over(series, np.column_stack([np.ones(len(series)), season]))


def exhausted(left: Series, whole: Series) -> bool:
    """Whether nothing is left of a series but what the arithmetic of a computer leaves."""
    return bool(np.max(np.abs(left)) <= 1e-9 * np.max(np.abs(whole)))


def _adf(series: Series, trend: str) -> float:
    """The p of a unit root; 1 where the regression cannot be made."""
    lags = adf_lags(series, trend)
    return _p(lambda: adfuller(series, maxlag=lags, regression=trend, autolag=None, result_object=True).pvalue, 1.0)


def adf_lags(series: Series, trend: str) -> int:
    """How many lagged differences the regression of ADF takes, by Schwarz's criterion.

    NOTE: what `adfuller(autolag="BIC")` chooses, from one decomposition instead of a regression for each number.
    """
    longest = min(int(12 * (len(series) / 100) ** 0.25), len(series) // 4)
    changes = np.diff(series)
    rows = len(changes) - longest
    line = np.arange(1.0, rows + 1)[:, None] if trend == "ct" else np.empty((rows, 0))
    fixed = np.column_stack([np.ones(rows), line, series[-rows - 1 : -1]])
    explained = np.linalg.qr(np.column_stack([fixed, lagged(changes, 1, longest, rows)]))[0].T @ changes[-rows:]
    left = float(changes[-rows:] @ changes[-rows:]) - np.cumsum(explained**2)[fixed.shape[1] - 1 :]
    return int(np.argmin(rows * np.log(np.maximum(left, 1e-300)) + np.arange(longest + 1) * np.log(rows)))


def _kpss(series: Series, trend: str) -> float:
    """The p of no unit root, from 0.01 to 0.1; 0 where it cannot be computed."""
    return _p(lambda: kpss(series, regression=trend, nlags="auto", result_object=True).pvalue, 0.0)


def _p(asked: Callable[[], float], otherwise: float) -> float:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # of a p outside of a table, and of regressors that say the same thing twice
        try:
            found = float(asked())
        except (ValueError, np.linalg.LinAlgError):
            return otherwise
    return found if np.isfinite(found) else otherwise
