"""Which way is used: the naive one that was closer, unless another was closer still by more than luck explains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kpi_pipeline.projection.nouns import METHODS, Flags, Method, Numbers, Places
from kpi_pipeline.projection.smoothing import later

ORIGINS = 52
"""At most so many earlier periods tell how far off a way was: what is longer ago says less."""
FEWEST = 6
"""Fewer tell nothing."""
NOT_LUCK = 1.3
"""The difference of two average errors, in standard errors, that luck alone exceeds one time in ten."""

NAIVE, SEASONAL_NAIVE = METHODS.index(Method.naive), METHODS.index(Method.seasonal_naive)


@dataclass(frozen=True, eq=False)
class Chosen:
    """By series and period the places of the method used and of the naive one it had to beat; -1 is none."""

    method: Places
    reference: Places


def choose(off: Numbers, made: Numbers, ahead: int) -> Chosen:
    """The method for every period, by errors of periods that were over by then.

    Args:
        off: by method, series and period, how far off it was.
        made: the forecasts themselves; one that is missing is not chosen.
        ahead: how many periods before a period the last one was over.
    """
    tried = _newest(np.isfinite(off).astype(np.float64), ahead)
    possible = np.isfinite(made) & (tried >= FEWEST)
    average = np.where(possible, _over(_newest(np.nan_to_num(off), ahead), tried), np.inf)
    closer = np.where(average[NAIVE] < average[SEASONAL_NAIVE], NAIVE, SEASONAL_NAIVE)
    reference = np.where(possible[[NAIVE, SEASONAL_NAIVE]].any(axis=0), closer, -1)
    beaten = np.where(
        reference == SEASONAL_NAIVE,
        _beats(off, off[SEASONAL_NAIVE], ahead),
        _beats(off, off[NAIVE], ahead),
    )
    candidates = np.where(beaten & (reference >= 0), average, np.inf)
    best = np.argmin(candidates, axis=0)
    method = np.where(np.isfinite(candidates.min(axis=0)), best, reference)
    return Chosen(method, reference)


def _beats(off: Numbers, reference: Numbers, ahead: int) -> Flags:
    """Whether each method was closer than the reference, on the periods that both were tried on, by more than luck."""
    better = reference - off
    both = np.isfinite(better)
    better = np.where(both, better, 0)
    number = _newest(both.astype(np.float64), ahead)
    mean = _over(_newest(better, ahead), number)
    spread = np.maximum(_over(_newest(better**2, ahead), number) - mean**2, 0)
    error = np.sqrt(_over(spread, number - 1))
    found: Flags = (number >= FEWEST) & (mean > NOT_LUCK * error) & (mean > 0)
    return found


def _newest(values: Numbers, ahead: int) -> Numbers:
    """The sum over the newest periods that were over by then, by method, series and period."""
    total = np.cumsum(values, axis=-1)
    before = np.where(np.arange(values.shape[-1]) >= ORIGINS, np.roll(total, ORIGINS, axis=-1), 0)
    flat = (total - before).reshape(-1, values.shape[-1])
    return np.nan_to_num(later(flat, ahead)).reshape(values.shape)


def _over(above: Numbers, below: Numbers) -> Numbers:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
