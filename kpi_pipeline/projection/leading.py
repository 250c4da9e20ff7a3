"""What a leading KPI adds: it says something now about a period that is not over."""

from __future__ import annotations

import numpy as np

from kpi_pipeline.projection.nouns import METHODS, Board, Method, Numbers
from kpi_pipeline.projection.scale import Scale
from kpi_pipeline.projection.smoothing import later, usual

ENOUGH = 20
"""So many earlier periods tell how much follows a leader."""


def with_leader(board: Board, scale: Scale, ends: Numbers, made: Numbers) -> Numbers:
    """The forecasts with those of the method `leader`: the usual rest, moved by what the leader says.

    The leader's surprise is how far it was from its own usual level; how much follows it is told, for each period, by
    how far the usual rest was off in periods over by then (least squares). Where no leader is known it says nothing.
    """
    if not np.isfinite(board.leader).any():
        return made
    base = made[METHODS.index(Method.usual_rest)]
    said = _said(board.leader)
    surprise = said - usual(said, 1)
    missed = scale.of(ends) - scale.of(base)
    known = np.isfinite(surprise) & np.isfinite(missed)
    together = np.cumsum(np.where(known, surprise * missed, 0), axis=1)
    alone = np.cumsum(np.where(known, surprise**2, 0), axis=1)
    number = np.cumsum(known, axis=1).astype(np.float64)
    enough = (number >= ENOUGH) & (alone > 0)
    follows = later(np.divide(together, alone, out=np.full(alone.shape, np.nan), where=enough), board.clock.ahead)
    moved = scale.back(scale.of(base) + follows * surprise)
    found = made.copy()
    found[METHODS.index(Method.leader)] = moved
    return found


def _said(leader: Numbers) -> Numbers:
    """What leaders say; by its logarithm where it is always positive, as values are that follow it."""
    positive = (np.where(np.isfinite(leader), leader, 1) > 0).all(axis=1, keepdims=True)
    found: Numbers = np.where(positive, np.log(np.where(positive, leader, 1)), leader)
    return found
