"""The ways to tell where periods end, each for all periods at once, from nothing but what was in by then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import repeat

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from kpi_pipeline.projection.nouns import METHODS, Board, Clock, Flags, Method, Numbers, Part, Stage
from kpi_pipeline.projection.smoothing import later, usual

LATELY = 12
"""So many periods tell the share that is usually in."""
GROWTH = 6
"""So many periods, against those of the season before, tell how much more comes than then."""
AT_LEAST = 3
"""So many periods tell what is usual."""
LARGEST_GROWTH = 5.0


def values_of(board: Board) -> Numbers:
    """Where periods ended."""
    return _divided(board, board.upper.ends, board.lower.ends)


def so_far_of(board: Board) -> Numbers:
    """Where periods stood at the same point."""
    return _divided(board, board.upper.so_far, board.lower.so_far)


def forecasts(board: Board) -> Numbers:
    """By method, series and period where the period was expected to end; a ratio from its two parts."""
    upper, lower = of_part(board.upper, board.clock), of_part(board.lower, board.clock)
    if board.clock.waits:
        follows = _what_follows(board, lower[Method.usual_rest])
        upper = {**upper, Method.usual_rest: np.where(_led(board), follows, upper[Method.usual_rest])}
    made = {name: _divided(board, upper[name], lower[name]) for name in upper}
    made[Method.naive] = _newest_known(made[Method.naive])
    made[Method.blend] = _middle(np.stack(list(made.values())))
    return np.stack([made.get(name, np.full_like(made[Method.naive], np.nan)) for name in METHODS])


def of_part(part: Part, clock: Clock) -> Mapping[Method, Numbers]:
    """The ways that look at a value, or at each part of a ratio."""
    ago = _ago(part.ends, clock)
    found = {Method.naive: later(part.ends, clock.ahead), Method.seasonal_naive: ago}
    added, level = _added(part, clock, ago), _level(part, clock)
    adds = part.adds[:, None]
    return found | {name: np.where(adds, added[name], level[name]) for name in added}


def _added(part: Part, clock: Clock, ago: Numbers) -> Mapping[Method, Numbers]:
    """Of what adds up over the days of a period."""
    begun = clock.share > 0
    so_far = np.where(begun, part.so_far, 0.0)
    rest = part.ends - so_far
    to_come = clock.work * (1 - clock.share)
    weight = np.where(begun, clock.share, np.nan)
    usual_share = _share(part, weight, clock.ahead) * weight
    then = _ago(_over(part.so_far, part.ends * weight), clock) * weight
    rest_then = _ago(_over(rest, to_come), clock)
    return {
        Method.share_in: _over(part.so_far, np.where(usual_share > 0, usual_share, np.nan)),
        Method.share_in_season: _over(part.so_far, np.where(then > 0, then, np.nan)),
        Method.usual_rest: _step_by_step(part, clock, repeat(to_come), to_come),
        Method.seasonal_rest: so_far + rest_then * to_come * _growth(part.ends, ago, clock.ahead),
    }


def _step_by_step(part: Part, clock: Clock, sizes: Iterable[Numbers], to_come: Numbers) -> Numbers:
    """What is in, and what lately came with each step for each unit of its size, as it would for what is to come.

    There is one step to the end of the period, such as by working days left; several where it waits for its events.
    NOTE: what comes a month after a period is known of younger periods than what comes half a year after it.
    """
    found = before = np.where(clock.share > 0, part.so_far, 0.0)
    for step, size in zip((*part.later, Stage(clock.ahead, part.ends)), sizes, strict=False):
        found = found + usual(_over(step.stood - before, size), step.ahead) * to_come
        before = step.stood
    return found


def _what_follows(board: Board, below: Numbers) -> Numbers:
    """Of ratios whose periods wait: what is in above, and what lately followed for each that is below.

    `below`: where the lower part is expected to end.
    """
    sizes = (*(step.stood for step in board.lower.later), board.lower.ends)
    return _step_by_step(board.upper, board.clock, sizes, below)


def _led(board: Board) -> Flags:
    """Ratios of two numbers that add up, a row each."""
    found: Flags = (board.is_ratio & board.upper.adds & board.lower.adds)[:, None]
    return found


def _level(part: Part, clock: Clock) -> Mapping[Method, Numbers]:
    """Of what has a level, as a stock or the median of a window."""
    change = part.ends - part.so_far
    return {
        Method.share_in: part.so_far,
        Method.share_in_season: part.so_far + _ago(change, clock),
        Method.usual_rest: part.so_far + usual(change, clock.ahead),
        Method.seasonal_rest: usual(part.ends, clock.ahead),
    }


def _share(part: Part, weight: Numbers, ahead: int) -> Numbers:
    """What is usually in by this point, in shares of the working days over: the median of the newest periods.

    NOTE: one period out of all proportion would rule the share of their sums.
    """
    shares = later(_over(part.so_far, part.ends * weight), ahead)
    padded = np.pad(shares, ((0, 0), (LATELY - 1, 0)), constant_values=np.nan)
    return _middle(np.moveaxis(sliding_window_view(padded, LATELY, axis=1), 2, 0))


def _growth(ends: Numbers, ago: Numbers, ahead: int) -> Numbers:
    """How much more came lately than in the same periods of the season before; 1 where that cannot be told."""
    both = np.isfinite(ends) & np.isfinite(ago)
    new, old = (lately(np.where(both, one, 0), ahead, GROWTH) for one in (ends, ago))
    can_tell = (new > 0) & (old > 0)
    grown = np.divide(new, old, out=np.ones_like(new), where=can_tell)
    return np.clip(grown, 1 / LARGEST_GROWTH, LARGEST_GROWTH)


def lately(values: Numbers, ahead: int, periods: int = LATELY) -> Numbers:
    """The sum of the newest periods that are known by each one."""
    total = np.cumsum(values, axis=-1)
    sums = total - np.where(np.arange(values.shape[1]) >= periods, np.roll(total, periods, axis=-1), 0)
    return np.nan_to_num(later(sums, ahead), nan=0.0)


def _newest_known(values: Numbers) -> Numbers:
    """The values, and in the place of one that is missing the newest before it."""
    places = np.where(np.isfinite(values), np.arange(values.shape[1]), -1)
    newest = np.maximum.accumulate(places, axis=1)
    return np.where(newest >= 0, np.take_along_axis(values, np.maximum(newest, 0), 1), np.nan)


def _ago(values: Numbers, clock: Clock) -> Numbers:
    """The value of the same period of the season before."""
    known = (clock.ago >= 0) & (clock.ago <= np.arange(len(clock.ago)) - clock.ahead)
    return np.where(known, values[:, np.where(known, clock.ago, 0)], np.nan)


def _over(above: Numbers, below: Numbers) -> Numbers:
    """The quotient; NaN where nothing is divided by, or so little that there is no number for it."""
    above, below = np.broadcast_arrays(above, below)
    there = np.isfinite(below) & (below != 0)
    with np.errstate(over="ignore"):
        found = np.divide(above, below, out=np.full(above.shape, np.nan), where=there)
    return np.where(np.isfinite(found), found, np.nan)


def _divided(board: Board, above: Numbers, below: Numbers) -> Numbers:
    return np.where(board.is_ratio[:, None], _over(above, below), above)


def _middle(values: Numbers) -> Numbers:
    """The median of those that are there, along the first axis; NaN where fewer than three are."""
    ordered = np.sort(values, axis=0)
    number = np.isfinite(ordered).sum(axis=0)
    below, above = (np.clip(at, 0, len(values) - 1)[None] for at in ((number - 1) // 2, number // 2))
    middle = (np.take_along_axis(ordered, below, 0)[0] + np.take_along_axis(ordered, above, 0)[0]) / 2
    found: Numbers = np.where(number >= AT_LEAST, middle, np.nan)
    return found
