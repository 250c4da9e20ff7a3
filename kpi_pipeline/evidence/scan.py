"""Correlations at every lag, and what searching for the highest one costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kpi_pipeline.evidence.nouns import Series

FIRST_DRAWS = 999
MORE_DRAWS = 9_000
"""Drawn, too, where fewer than `ENOUGH_HITS` of the first ones were as high: a small p must survive many claims."""
ENOUGH_HITS = 20
FEWEST_BLOCKS = 16
AT_ONCE = 1_000_000
"""Numbers that are drawn at a time: more would only take more memory."""


@dataclass(frozen=True)
class Scan:
    """Correlations at lags -L to L, and the highest in either direction with its p."""

    correlations: tuple[float, ...]
    lag: int
    correlation: float
    p_value: float
    reverse_lag: int
    reverse_correlation: float
    reverse_p_value: float
    band: float
    search_band: float


def scan(leader: Series, follower: Series, longest_lag: int, seed: int) -> Scan:
    """Search lags 0 to L, and -1 to -L, of a prewhitened leader and a follower that went through the same filter.

    The p of the highest correlation is how often chance finds one as high, anywhere in the same lags. Chance is made in
    two ways, and the larger p counts. `reordered`: the leader is turned round in a circle, cut into short blocks, and
    these are put into another order. `turned_over`: everything stays where it is, and blocks change their sign; so calm
    and wild times that both series share, or one event in both, are no evidence.
    """
    once = leader - leader.mean()
    once = once / np.sqrt(once @ once)
    other = follower - follower.mean()
    other = other / np.sqrt(other @ other)
    at_lags = _shifted(other, longest_lag)
    found = once @ at_lags
    ahead, behind = found[longest_lag:], found[:longest_lag][::-1]
    lag, back = int(np.argmax(np.abs(ahead))), int(np.argmax(np.abs(behind)))
    chances = [_by_chance(once, at_lags, (abs(float(ahead[lag])), abs(float(behind[back]))), way, seed) for way in WAYS]
    return Scan(
        correlations=tuple(float(one) for one in found),
        lag=lag,
        correlation=float(ahead[lag]),
        p_value=max(chance.p for chance in chances),
        reverse_lag=back + 1,
        reverse_correlation=float(behind[back]),
        reverse_p_value=max(chance.reverse_p for chance in chances),
        band=float(1.96 / np.sqrt(len(leader))),
        search_band=max(chance.band for chance in chances),
    )


def _shifted(follower: Series, longest_lag: int) -> NDArray[np.float64]:
    """Columns for lags -L to L: the follower so many periods later, with zeros where it has ended."""
    periods = len(follower)
    padded = np.concatenate([np.zeros(longest_lag), follower, np.zeros(longest_lag)])
    return np.column_stack([padded[lag : lag + periods] for lag in range(2 * longest_lag + 1)])


@dataclass(frozen=True)
class _Chance:
    p: float
    reverse_p: float
    band: float


def _by_chance(
    leader: Series, at_lags: NDArray[np.float64], heights: tuple[float, float], way: Way, seed: int
) -> _Chance:
    """How often chance is as high, ahead and behind, and what it stays below in 95 of 100 cases."""
    rng = np.random.default_rng(seed)
    drawn = _drawn(leader, at_lags, FIRST_DRAWS, way, rng)
    if np.count_nonzero(drawn >= heights, axis=0).min() < ENOUGH_HITS:
        drawn = np.concatenate([drawn, _drawn(leader, at_lags, MORE_DRAWS, way, rng)])
    hits = np.count_nonzero(drawn >= np.array(heights) * (1 - 1e-12), axis=0)
    shares = (1 + hits) / (1 + len(drawn))
    return _Chance(float(shares[0]), float(shares[1]), float(np.quantile(drawn[:, 0], 0.95)))


def _drawn(
    leader: Series, at_lags: NDArray[np.float64], draws: int, way: Way, rng: np.random.Generator
) -> NDArray[np.float64]:
    """The highest correlation ahead (lags 0 to L) and behind (-1 to -L), one draw a row."""
    longest_lag = at_lags.shape[1] // 2
    at_once = max(1, AT_ONCE // len(leader))
    sizes = [min(at_once, draws - done) for done in range(0, draws, at_once)]
    heights = np.abs(np.concatenate([way(leader, size, rng) @ at_lags for size in sizes]))
    return np.column_stack([heights[:, longest_lag:].max(axis=1), heights[:, :longest_lag].max(axis=1)])


def reordered(leader: Series, draws: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """The leader turned round in a circle, its blocks shuffled."""
    periods, length = len(leader), _block(len(leader))
    blocks = -(-periods // length)
    order = rng.permuted(np.tile(np.arange(blocks), (draws, 1)), axis=1)
    positions = np.repeat(order * length, length, axis=1) + np.tile(np.arange(length), blocks)
    kept = positions[positions < periods].reshape(draws, periods)
    turned: NDArray[np.float64] = leader[(kept + rng.integers(0, periods, size=(draws, 1))) % periods]
    return turned


def turned_over(leader: Series, draws: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """The leader with every block as it is or upside down."""
    periods, length = len(leader), _block(len(leader))
    signs = rng.choice(np.array([-1.0, 1.0]), size=(draws, -(-periods // length)))
    turned: NDArray[np.float64] = leader * np.repeat(signs, length, axis=1)[:, :periods]
    return turned


def _block(periods: int) -> int:
    """The length of a block: long enough for the little memory that prewhitening leaves, and no fewer than 16 of them.

    NOTE: eleven blocks turned over make 1,024 different heights at most, so no p would fall below 1/1,024: among 50
    claims not even a perfect correlation of 34 months could stand out.
    """
    return max(1, min(round(float(np.cbrt(periods))), periods // FEWEST_BLOCKS))


Way = Callable[[Series, int, np.random.Generator], NDArray[np.float64]]
WAYS: tuple[Way, ...] = (reordered, turned_over)
"""How chance is made."""
