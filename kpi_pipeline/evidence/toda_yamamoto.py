"""Does the past of a series add to what the others' own past says? Wald's test in a vector autoregression.

On series with unit roots the usual test of Granger is wrong. Toda and Yamamoto (1995) estimate as many lags more as the
series can have unit roots, and restrict only the others: then the test holds in levels, cointegrated or not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from kpi_pipeline.evidence.regression import Columns, lagged

MOST_OF_DATA = 3
"""An equation may have one coefficient for so many periods."""


@dataclass(frozen=True)
class Precedence:
    """The outcome of one test: F, its p, and what it rests on."""

    f: float
    p: float
    restrictions: int
    used: int
    """Periods in the regression."""
    freedom: int
    """Those less the coefficients of one equation."""


def precedence(
    series: Columns, causing: tuple[int, ...], caused: tuple[int, ...], order: int, spare: int, given: Columns
) -> Precedence | None:
    """Whether lags 1 to `order` of the causing columns are zero in the equations of the caused ones.

    `spare` more lags are estimated and not tested; `given` are further regressors (constant, trend, season), a row for
    each period of the series. None where the regression cannot be made.
    """
    kinds = series.shape[1]
    rows = len(series) - order - spare
    past = np.column_stack([lagged(series[:, kind], 1, order + spare, rows) for kind in range(kinds)])
    design = np.column_stack([past, given[len(given) - rows :]])
    freedom = rows - design.shape[1]
    if freedom < 1 or np.linalg.matrix_rank(design) < design.shape[1]:
        return None
    inverse = np.linalg.inv(design.T @ design)
    now = series[-rows:]
    coefficients = inverse @ design.T @ now
    errors = now - design @ coefficients
    covariance = errors.T @ errors / freedom
    tested = [kind * (order + spare) + lag for kind in causing for lag in range(order)]
    values = coefficients[np.ix_(tested, list(caused))].T.reshape(-1)
    spread = np.kron(covariance[np.ix_(list(caused), list(caused))], inverse[np.ix_(tested, tested)])
    f = float(values @ np.linalg.solve(spread, values)) / len(values)
    return Precedence(f, float(stats.f.sf(f, len(values), freedom)), len(values), rows, freedom)


def chosen_order(series: Columns, least: int, most: int, given: Columns) -> int:
    """The order that Akaike's criterion prefers, at least `least`: a claimed lag must be able to show."""
    kinds = series.shape[1]
    rows = len(series) - most
    pasts = [lagged(series[:, kind], 1, most, rows) for kind in range(kinds)]
    by_lag = [past[:, lag : lag + 1] for lag in range(most) for past in pasts]
    fixed = given[len(given) - rows :]
    basis = np.linalg.qr(np.column_stack([fixed, *by_lag]))[0]
    now = series[-rows:]
    explained = basis.T @ now
    best, best_order = np.inf, least
    for order in range(least, most + 1):
        count = fixed.shape[1] + kinds * order
        left: NDArray[np.float64] = now.T @ now - explained[:count].T @ explained[:count]
        sign, size = np.linalg.slogdet(left / rows)
        criterion = (size if sign > 0 else -np.inf) + 2 * kinds * count / rows
        if criterion < best:
            best, best_order = criterion, order
    return best_order


def most_lags(periods: int, kinds: int, given: int, longest: int, spare: int) -> int:
    """The longest order the data can bear, at most `longest`, at least 1."""
    bearable = (periods - longest - spare) // MOST_OF_DATA
    return max(1, min(longest, (bearable - given) // kinds - spare))
