"""The numbers of the evidence computed again as the page on evidence says, by numpy alone, from the published tables.

Nothing of the package is used: what is said here is docs/explanation/evidence.md in other words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


def found_again(leader: Numbers, follower: Numbers, row: Mapping[str, Any]) -> dict[str, float]:
    """r at the measured lag, its p, and the skill of a link without controls.

    Args:
        leader: the published values from `first_period` to `last_period`.
        follower: those of the KPI that follows.
        row: the link's row of `kpi_evidence`.
    """
    periods = len(leader)
    both = [
        _near_its_neighbours(_scaled(values, logged=logged))
        for values, logged in ((leader, row["leader_logged"]), (follower, row["follower_logged"]))
    ]
    times = row["differences"]
    season = np.array([_term(term, periods) for term in (row["season"] or "").split(", ") if term]).reshape(-1, periods)
    given = [np.ones(periods - times), *season[:, times:]]
    if row["trend_removed"]:
        given.append(np.linspace(-1, 1, periods - times))
    x, y = (_left(np.diff(one, times), np.column_stack(given)) for one in both)
    phi = _autoregression(x, row["prewhitening_order"])
    u, v = (_tamed(_filtered(one, phi)) for one in (x, y))
    u, v = u - u.mean(), v - v.mean()
    longest, claimed = row["longest_lag"], row["expected_lag"]
    size = np.sqrt((u @ u) * (v @ v))
    r = np.array([u[: len(u) - lag] @ v[lag:] for lag in range(longest + 1)]) / size
    lag = int(np.argmax(np.abs(r)))
    return {
        "measured_lag": lag,
        "correlation": float(r[lag]),
        "p_value": _p(u, v, longest, float(abs(r[lag]))),
        "skill": _skill(x, y, max(1, claimed), longest),
    }


def _scaled(values: Numbers, *, logged: bool) -> Numbers:
    return np.log(values) if logged else values / np.abs(values).max()


def _spread(deviations: Numbers) -> float:
    middle = float(np.median(np.abs(deviations)))
    return 1.4826 * middle if middle > 0 else 1.2533 * float(np.mean(np.abs(deviations)))


def _near_its_neighbours(values: Numbers) -> Numbers:
    """No value is farther than 6 robust standard deviations from the median of itself and three neighbours a side."""
    around = np.pad(values, 3, mode="reflect")
    usual = np.array([np.median(around[at : at + 7]) for at in range(len(values))])
    limit = 6 * _spread(values - usual)
    return np.where(np.abs(values - usual) > limit, usual + np.clip(values - usual, -limit, limit), values)


def _term(term: str, periods: int) -> Numbers:
    kind, _, of = term.partition(" ")
    number, season = (int(one) for one in of.split("/"))
    at = np.arange(periods)
    if kind == "at":
        return np.where(at % season == number, 1.0, 0.0)
    angle = 2 * np.pi * number * at / season
    wave: Numbers = np.cos(angle) if kind == "cos" else np.sin(angle)
    return wave


def _left(values: Numbers, given: Numbers) -> Numbers:
    """What a regression leaves that is made again until no value is farther than 4 robust standard deviations off."""
    believed = values
    for _ in range(20):
        left = values - given @ np.linalg.lstsq(given, believed, rcond=None)[0]
        before, believed = believed, values - left + np.median(left) + _tamed(left)
        if np.abs(believed - before).max() <= 1e-3 * _spread(left):
            break
    found: Numbers = believed - given @ np.linalg.lstsq(given, believed, rcond=None)[0]
    return found


def _tamed(values: Numbers) -> Numbers:
    centred = values - np.median(values)
    limit = 4 * _spread(centred)
    return np.clip(centred, -limit, limit)


def _autoregression(values: Numbers, order: int) -> Numbers:
    """Yule and Walker's equations, solved."""
    centred = values - values.mean()
    memory = np.array([centred[lag:] @ centred[: len(centred) - lag] for lag in range(order + 1)])
    places = np.abs(np.subtract.outer(np.arange(order), np.arange(order)))
    return np.linalg.solve(memory[places], memory[1:]) if order else np.empty(0)


def _filtered(values: Numbers, phi: Numbers) -> Numbers:
    order = len(phi)
    past = [values[order - lag : len(values) - lag] for lag in range(1, order + 1)]
    found: Numbers = values[order:] - phi @ np.array(past).reshape(order, len(values) - order)
    return found


def _p(u: Numbers, v: Numbers, longest: int, height: float, draws: int = 2000) -> float:
    """How often chance is as high at any lag: blocks turned round and shuffled, or turned upside down; the larger."""
    chance = np.random.default_rng(2024)
    periods = len(u)
    block = max(1, min(round(np.cbrt(periods)), periods // 16))
    size = np.sqrt((u @ u) * (v @ v))
    hits = [0, 0]
    for _ in range(draws):
        turned = np.roll(u, chance.integers(periods))
        blocks = [turned[at : at + block] for at in range(0, periods, block)]
        shuffled = np.concatenate([blocks[one] for one in chance.permutation(len(blocks))])
        signs = np.repeat(chance.choice([-1.0, 1.0], len(blocks)), block)[:periods]
        for way, drawn in enumerate((shuffled, u * signs)):
            highest = max(abs(drawn[: periods - lag] @ v[lag:]) for lag in range(longest + 1)) / size
            hits[way] += highest >= height
    return max((1 + one) / (1 + draws) for one in hits)


def _skill(x: Numbers, y: Numbers, horizon: int, longest: int) -> float:
    """1 - RMSE with the leader / RMSE without: one period after the other is forecast from what was known."""
    own = min(6, max(1, _order(y)))
    deepest = max(horizon + own - 1, longest)
    rows = len(y) - deepest
    target = y[deepest:]
    base = np.column_stack([np.ones(rows), *(y[deepest - lag : len(y) - lag] for lag in range(horizon, horizon + own))])
    designs = [np.column_stack([base, x[deepest - lag : len(x) - lag]]) for lag in range(horizon, longest + 1)]
    alone, together = [], []
    for now in range(max(20, rows // 3) + horizon - 1, rows):
        known = slice(0, now - horizon + 1)
        alone.append(target[now] - base[now] @ np.linalg.lstsq(base[known], target[known], rcond=None)[0])
        fits = [np.linalg.lstsq(design[known], target[known], rcond=None)[0] for design in designs]
        left = [np.sum((target[known] - design[known] @ fit) ** 2) for design, fit in zip(designs, fits, strict=True)]
        best = int(np.argmin(left))
        together.append(target[now] - designs[best][now] @ fits[best])
    return 1 - float(np.sqrt(np.sum(np.square(together)) / np.sum(np.square(alone))))


def _order(values: Numbers) -> int:
    """Akaike's choice among autoregressions by Yule and Walker."""
    centred = values - values.mean()
    periods = len(values)
    most = min(int(10 * np.log10(periods)), periods // 8)
    criteria = []
    for order in range(most + 1):
        phi = _autoregression(values, order)
        memory = [centred[lag:] @ centred[: periods - lag] / periods for lag in range(order + 1)]
        criteria.append(periods * np.log(memory[0] - phi @ np.array(memory[1:])) + 2 * order)
    return int(np.argmin(criteria))
