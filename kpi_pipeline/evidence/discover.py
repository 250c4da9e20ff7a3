"""Leaders that nobody has claimed: all pairs are looked at, and what chance finds among so many is left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import stats

from kpi_pipeline.evidence.adjusted import adjusted
from kpi_pipeline.evidence.enough import missing
from kpi_pipeline.evidence.nouns import Candidate, Claim, Series
from kpi_pipeline.evidence.outliers import pulled_in, tamed
from kpi_pipeline.evidence.prewhiten import autoregression, filtered
from kpi_pipeline.evidence.protocol import test
from kpi_pipeline.evidence.regression import left_over
from kpi_pipeline.evidence.season import season_of
from kpi_pipeline.evidence.stationary import differences, grows, scaled

LEVEL = 0.05
LAGS = 8


@dataclass(frozen=True)
class Discovery:
    """What looking at all pairs came to."""

    pairs: int
    """How many ordered pairs had enough data to be looked at."""
    candidates: tuple[Candidate, ...]
    """The surest first."""


@dataclass(frozen=True)
class _Pair:
    leader: str
    follower: str
    lag: int
    p: float


def discover(series: Mapping[str, Series], *, season: int = 1, longest_lag: int = LAGS, seed: int = 0) -> Discovery:
    """Pairs of series of which the first seems to come before the second.

    All series have the same periods. Every ordered pair is screened: prewhitened, lags 0 to `longest_lag`, the p of the
    highest correlation times the number of lags, corrected for all pairs (Benjamini-Hochberg). What is left, with its
    highest correlation after lag 0, goes through the protocol, and must pass its permutation and the test of Toda and
    Yamamoto. Candidates were chosen because they look good on these data: only later data can confirm them.
    """
    pairs = _screened(series, season, longest_lag)
    corrected = adjusted([pair.p for pair in pairs])
    found = []
    for pair, p in zip(pairs, corrected, strict=True):
        if p is None or p > LEVEL or pair.lag == 0:
            continue
        claim = Claim(series[pair.leader], series[pair.follower], season, pair.lag, expected_sign=0, seed=seed)
        tested = test(claim)
        if tested.granger_p is None or tested.p_value is None or max(tested.granger_p, tested.p_value) > LEVEL:
            continue
        if tested.measured_lag and tested.correlation is not None:
            found.append(
                Candidate(
                    leader=pair.leader,
                    follower=pair.follower,
                    lag=tested.measured_lag,
                    correlation=tested.correlation,
                    p_value=pair.p,
                    p_adjusted=p,
                    granger_p=tested.granger_p,
                    periods=tested.periods,
                )
            )
    found.sort(key=lambda one: (one.p_adjusted, -abs(one.correlation), one.leader, one.follower))
    return Discovery(len(pairs), tuple(found))


def _screened(series: Mapping[str, Series], season: int, longest_lag: int) -> list[_Pair]:
    """Every ordered pair with enough data, the lag of its highest correlation, and what that is worth."""

    @cache
    def levels(name: str, first: int, last: int) -> tuple[Series, Series]:
        part = series[name][first : last + 1]
        level = pulled_in(scaled(part, logged=grows(part)))[0]
        return level, season_of((level,), season).columns

    @cache
    def needs(name: str, first: int, last: int) -> tuple[int, bool]:
        level, waves = levels(name, first, last)
        return differences((level,), waves)

    @cache
    def news(name: str, first: int, last: int, times: int) -> Series:
        level, waves = levels(name, first, last)
        moved = np.diff(level, times)
        line = np.linspace(-1, 1, len(moved))[:, None] if needs(name, first, last)[1] else np.empty((len(moved), 0))
        return left_over(moved, np.column_stack([np.ones(len(moved)), line, waves[times:]]))

    @cache
    def rhythm(name: str, first: int, last: int, times: int) -> Series:
        return autoregression(news(name, first, last, times))

    found = []
    lag_claimed = max(1, longest_lag * 2 // 3)  # the claim whose search reaches as far
    for leader in series:
        for follower in series:
            if leader == follower:
                continue
            claim = Claim(series[leader], series[follower], season, lag_claimed)
            stretch, reason = missing(claim)
            if stretch is None or reason is not None:
                continue
            ends = (stretch.first, stretch.last)
            times = max(needs(leader, *ends)[0], needs(follower, *ends)[0])
            coefficients = rhythm(leader, *ends, times)
            before = tamed(filtered(news(leader, *ends, times), coefficients))
            after = tamed(filtered(news(follower, *ends, times), coefficients))
            found.append(_Pair(leader, follower, *_highest(before, after, longest_lag)))
    return found


def _highest(leader: Series, follower: Series, longest_lag: int) -> tuple[int, float]:
    """The lag of the highest correlation, and the p of that times the number of lags searched."""
    periods = len(leader)
    before, after = leader - leader.mean(), follower - follower.mean()
    size = float(np.sqrt((before @ before) * (after @ after)))
    heights = np.array([abs(float(before[: periods - lag] @ after[lag:])) / size for lag in range(longest_lag + 1)])
    lag = int(np.argmax(heights))
    freedom = periods - 2
    statistic = heights[lag] * np.sqrt(freedom / max(1 - heights[lag] ** 2, 1e-12))
    return lag, min(1.0, float(2 * stats.t.sf(statistic, freedom)) * (longest_lag + 1))
