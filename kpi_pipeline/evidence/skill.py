"""Are forecasts better with the leader? Made as they would have been made at the time, one origin after another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from kpi_pipeline.evidence.nouns import Series
from kpi_pipeline.evidence.prewhiten import autoregression
from kpi_pipeline.evidence.regression import Columns, lagged

FIRST_SHARE = 3
"""The first forecast is made when one third of the periods is known."""
FEWEST_KNOWN = 20
FEWEST_FORECASTS = 10
MOST_OWN_LAGS = 6
DRAWS = 999
INTERVAL = (0.05, 0.95)


@dataclass(frozen=True)
class Skill:
    """1 - RMSE with the leader / RMSE without it, its interval, and the p of "no better"."""

    skill: float
    low: float
    high: float
    p: float
    forecasts: int


def skill(leader: Series, follower: Series, horizon: int, longest_lag: int, seed: int) -> Skill | None:
    """Compare forecasts `horizon` periods ahead, from the follower alone and with the leader; None where too few fit.

    Every coefficient, and which of the lags `horizon` to `longest_lag` of the leader is used, is chosen anew at each
    origin from what was known there.
    """
    alone, together = errors(leader, follower, horizon, longest_lag)
    if len(alone) < FEWEST_FORECASTS:
        return None
    low, high = _interval(alone, together, horizon, seed)
    return Skill(
        skill=_skill(alone, together),
        low=low,
        high=high,
        p=diebold_mariano(alone**2 - together**2, horizon),
        forecasts=len(alone),
    )


def errors(leader: Series, follower: Series, horizon: int, longest_lag: int) -> tuple[Series, Series]:
    """The errors of both forecasts at every origin."""
    own = min(MOST_OWN_LAGS, max(1, len(autoregression(follower))))
    deepest = max(horizon + own - 1, longest_lag)
    rows = len(follower) - deepest
    if rows < FEWEST_KNOWN + FEWEST_FORECASTS:
        return np.empty(0), np.empty(0)
    target = follower[-rows:]
    base = np.column_stack([np.ones(rows), lagged(follower, horizon, horizon + own - 1, rows)])
    known = max(FEWEST_KNOWN, rows // FIRST_SHARE)
    alone, _ = _rolling(base, target, known, horizon)
    tries = [
        _rolling(np.column_stack([base, lagged(leader, lag, lag, rows)]), target, known, horizon)
        for lag in range(horizon, longest_lag + 1)
    ]
    fit = np.array([left for _, left in tries])
    best = np.argmin(fit, axis=0)
    together = np.array([made for made, _ in tries])[best, np.arange(len(alone))]
    return alone, together


def _rolling(design: Columns, target: Series, known: int, horizon: int) -> tuple[Series, Series]:
    """The error of the forecast of each row from `known` on, and the squares left in what was known when it was made.

    A row is forecast `horizon` periods ahead, so the last row known is `horizon` rows before it.
    """
    squares = np.cumsum(design[:, :, None] * design[:, None, :], axis=0)
    products = np.cumsum(design * target[:, None], axis=0)
    totals = np.cumsum(target**2)
    ahead = np.arange(known + horizon - 1, len(target))
    upto = ahead - horizon
    steady = 1e-9 * np.trace(squares[-1]) / len(target) * np.eye(design.shape[1])
    coefficients = np.linalg.solve(squares[upto] + steady, products[upto][:, :, None])[:, :, 0]
    made = np.einsum("rc,rc->r", design[ahead], coefficients)
    left = totals[upto] - np.einsum("rc,rc->r", products[upto], coefficients)
    return target[ahead] - made, left


def diebold_mariano(gains: Series, horizon: int) -> float:
    """The one-sided p that squared errors are no smaller with the leader, from how much smaller each was.

    With the correction of Harvey, Leybourne and Newbold (1997) for few forecasts. NOTE: the smaller model is part of
    the larger one, which makes the test careful: it refuses less often than it says.
    """
    count = len(gains)
    mean = float(gains.mean())
    around = gains - mean
    covariances = [float(around[lag:] @ around[: count - lag]) / count for lag in range(min(horizon, count - 1))]
    variance = covariances[0] + 2 * sum(covariances[1:])
    if variance <= 0:
        variance = covariances[0]
    if variance <= 0:
        return 1.0
    correction = max((count + 1 - 2 * horizon + horizon * (horizon - 1) / count) / count, 1e-12)
    statistic = mean / np.sqrt(variance / count) * np.sqrt(correction)
    return float(stats.t.sf(statistic, count - 1))


def _skill(alone: Series, together: Series) -> float:
    without = float(alone @ alone)
    return 1 - float(np.sqrt(together @ together / without)) if without > 0 else 0.0


def _interval(alone: Series, together: Series, horizon: int, seed: int) -> tuple[float, float]:
    """Where the skill lies when stretches of the forecasts are drawn again and again, turned in a circle."""
    count = len(alone)
    length = max(horizon, round(count ** (1 / 3)))
    starts = np.random.default_rng(seed).integers(0, count, size=(DRAWS, -(-count // length)))
    drawn: NDArray[np.intp] = ((starts[:, :, None] + np.arange(length)) % count).reshape(DRAWS, -1)[:, :count]
    without = np.sqrt(np.sum(alone[drawn] ** 2, axis=1))
    skills = 1 - np.sqrt(np.sum(together[drawn] ** 2, axis=1)) / np.maximum(without, 1e-300)
    low, high = np.quantile(skills, INTERVAL)
    return float(low), float(high)
