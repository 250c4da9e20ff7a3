"""Made-up series of which the truth is known: unrelated ones that look related, and leaders of known strength."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kpi_pipeline.evidence import Claim, Series

LAG = 4
WEEKS = 156
SETTLE = 100


@dataclass(frozen=True)
class Null:
    """A way to draw two series that do not predict each other, however alike they look."""

    name: str
    says: str
    draw: Callable[[np.random.Generator, int], tuple[Series, ...]]
    """Leader, follower, and controls if there are any."""
    season: int = 1


def noise(rng: np.random.Generator, periods: int) -> Series:
    values: Series = rng.standard_normal(periods)
    return values


def remembering(rng: np.random.Generator, periods: int, memory: float) -> Series:
    """An AR(1) of variance 1."""
    shocks: Series = rng.standard_normal(periods + SETTLE) * np.sqrt(1 - memory**2)
    values: Series = np.empty_like(shocks)
    values[0] = shocks[0]
    for at in range(1, len(shocks)):
        values[at] = memory * values[at - 1] + shocks[at]
    return values[SETTLE:]


def later(series: Series, periods: int) -> Series:
    """The series so many periods later; what came before is noughts."""
    return np.concatenate([np.zeros(periods), series[: len(series) - periods]])


def _walks(rng: np.random.Generator, periods: int) -> tuple[Series, ...]:
    return noise(rng, periods).cumsum(), noise(rng, periods).cumsum()


def _independent(rng: np.random.Generator, periods: int) -> tuple[Series, ...]:
    return remembering(rng, periods, 0.8), remembering(rng, periods, 0.8)


def _wave(rng: np.random.Generator, periods: int) -> tuple[Series, ...]:
    at = np.arange(periods + LAG)
    year = 3 * np.sin(2 * np.pi * at / 52)
    return year[LAG:] + noise(rng, periods), year[:-LAG] + noise(rng, periods)


def _peak(rng: np.random.Generator, periods: int) -> tuple[Series, ...]:
    year = 4.0 * (np.arange(periods + LAG) % 52 < 3)
    return year[LAG:] + noise(rng, periods), year[:-LAG] + noise(rng, periods)


def _months(rng: np.random.Generator, periods: int) -> tuple[Series, ...]:
    year = np.tile(2 * noise(rng, 12), periods // 12 + 2)
    return year[1 : periods + 1] + noise(rng, periods), year[:periods] + noise(rng, periods)


def _wandering_season(rng: np.random.Generator, periods: int) -> tuple[Series, ...]:
    year = 2 * np.sin(2 * np.pi * np.arange(periods) / 52)
    return tuple(year + (0.3 + noise(rng, periods)).cumsum() / 2 for _ in range(2))


def _line(rng: np.random.Generator, periods: int) -> tuple[Series, ...]:
    line = 0.05 * np.arange(periods)
    return line + noise(rng, periods), line + noise(rng, periods)


def _growth(rng: np.random.Generator, periods: int) -> tuple[Series, ...]:
    line = 0.02 * np.arange(periods)
    return np.exp(line + 0.2 * noise(rng, periods)), np.exp(line + 0.2 * noise(rng, periods))


def _adoption(rng: np.random.Generator, periods: int) -> tuple[Series, ...]:
    curve = 10 / (1 + np.exp(-(np.arange(periods) - periods / 2) / (periods / 12)))
    return curve + noise(rng, periods), curve + noise(rng, periods)


def _shifts(rng: np.random.Generator, periods: int) -> tuple[Series, ...]:
    at = np.arange(periods)
    return tuple(5.0 * (at > when) + remembering(rng, periods, 0.3) for when in rng.integers(20, periods - 20, size=2))


def _same_shift(rng: np.random.Generator, periods: int) -> tuple[Series, ...]:
    at, when = np.arange(periods), rng.integers(20, periods - 20)
    return (
        5.0 * (at > when) + remembering(rng, periods, 0.3),
        5.0 * (at > when + LAG) + remembering(rng, periods, 0.3),
    )


def _same_launch(rng: np.random.Generator, periods: int) -> tuple[Series, ...]:
    at, when = np.arange(periods), rng.integers(20, periods - 20)
    return 50.0 * (at > when) + noise(rng, periods), 50.0 * (at > when + LAG) + noise(rng, periods)


def _outliers(rng: np.random.Generator, periods: int) -> tuple[Series, ...]:
    leader, follower = _walks(rng, periods)
    when = rng.integers(10, periods - 10)
    leader[when] += 1000
    follower[when + rng.integers(0, 2 * LAG)] += 1000
    return leader, follower


def _same_unrest(rng: np.random.Generator, periods: int) -> tuple[Series, ...]:
    unrest = np.exp(0.8 * remembering(rng, periods, 0.9))
    return noise(rng, periods) * unrest, noise(rng, periods) * unrest


def _counts(rng: np.random.Generator, periods: int) -> tuple[Series, ...]:
    return rng.poisson(0.3, periods).astype(float), rng.poisson(2.0, periods).astype(float)


def _third_cause(rng: np.random.Generator, periods: int) -> tuple[Series, ...]:
    cause = remembering(rng, periods, 0.5)
    return later(cause, 1) + 0.7 * noise(rng, periods), later(cause, 1 + LAG) + 0.7 * noise(rng, periods), cause


NULLS: tuple[Null, ...] = (
    Null("random walks", "two random walks", _walks),
    Null("independent", "two AR(1) with memory 0.8", _independent),
    Null("shared season, a wave", "one yearly wave, the leader's four weeks earlier", _wave, 52),
    Null("shared season, a peak", "three high weeks a year, the leader's four weeks earlier", _peak, 52),
    Null("shared season, months", "one pattern of twelve periods, the leader's one earlier", _months, 12),
    Null("shared season, walks", "one yearly wave on two random walks that rise", _wandering_season, 52),
    Null("shared trend, a line", "one straight line", _line),
    Null("shared trend, growth", "one rate of growth", _growth),
    Null("shared trend, a curve", "one S-curve of adoption", _adoption),
    Null("level shifts", "each shifts once, at times of their own", _shifts),
    Null("one shift in both", "one shift, the leader's four periods earlier", _same_shift),
    Null(
        "one launch in both",
        "one huge shift, as when a product is launched, the leader's earlier; months",
        _same_launch,
        12,
    ),
    Null("outliers", "random walks with one huge value each, close together", _outliers),
    Null("shared unrest", "calm and wild times in common, nothing else", _same_unrest),
    Null("counts", "small counts, mostly zero", _counts),
    Null("third cause, declared", "one cause moves both, four periods apart, and is declared as control", _third_cause),
)


def unrelated(null: Null, seed: int, *, periods: int = WEEKS, lag: int = LAG) -> Claim:
    """A claim about one draw of a null; either sign will do, which makes it easier to err."""
    leader, follower, *controls = null.draw(np.random.default_rng([seed, 7]), periods)
    return Claim(leader, follower, null.season, lag, expected_sign=0, controls=tuple(controls), seed=seed)


@dataclass(frozen=True)
class Kind:
    """What leader and follower look like beside the tie between them."""

    name: str
    season: int = 1
    adds_up: bool = False


KINDS: tuple[Kind, ...] = (Kind("stationary"), Kind("random walks", adds_up=True), Kind("a season of 52", season=52))


def led(kind: Kind, seed: int, *, periods: int, lag: int, strength: float, sign: int = 1) -> Claim:
    """x is AR(1) with memory 0.5; y[t] = b x[t - lag] + noise, so that their correlation is `strength`."""
    rng = np.random.default_rng([seed, 3])
    leader = remembering(rng, periods + lag, 0.5)
    follower = sign * strength * later(leader, lag) + np.sqrt(1 - strength**2) * noise(rng, periods + lag)
    leader, follower = leader[lag:], follower[lag:]
    if kind.adds_up:
        leader, follower = leader.cumsum(), follower.cumsum()
    if kind.season > 1:
        year = 2 * np.sin(2 * np.pi * np.arange(periods) / kind.season)
        leader, follower = leader + year, follower + year
    return Claim(leader, follower, kind.season, lag, sign, seed=seed)
