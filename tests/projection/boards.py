"""Boards written in a test: where periods ended, and where they stood at the same point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from kpi_pipeline.projection import Board, Clock, Part
from kpi_pipeline.projection.nouns import Stage

NAN = float("nan")


def board(
    ends: Sequence[float],
    so_far: Sequence[float] | None = None,
    *,
    below: tuple[Sequence[float], Sequence[float]] | None = None,
    share: float | Sequence[float] = 0.5,
    work: float | Sequence[float] = 10,
    season: int | None = None,
    ahead: int = 1,
    adds: bool = True,
    grows: bool = False,
    now: float = NAN,
    leader: Sequence[float] | None = None,
    later: Sequence[tuple[int, Sequence[float]]] = (),
) -> Board:
    """A board of one series; the end of its last period is not known, whatever stands there. `below` makes a ratio.

    `later`: where periods that wait stood later; what is below did not change any more.
    """
    periods = len(ends)
    places = np.arange(periods)
    ago = places - season if season else np.full(periods, -1)
    clock = Clock(_each(share if so_far is not None else 0, periods), _each(work, periods), np.maximum(ago, -1), ahead)
    clock = replace(clock, waits=ahead > 1)
    upper = _part(ends, so_far, adds=adds, ahead=ahead, later=later)
    same = [(step, below[1]) for step, _ in later] if below else []
    lower = _part(*below, adds=adds, ahead=ahead, later=same) if below else upper
    return Board(
        clock,
        upper,
        lower,
        np.array([below is not None]),
        np.array([grows]),
        np.array([now]),
        _row(leader if leader is not None else [NAN] * periods),
    )


def _part(
    ends: Sequence[float],
    so_far: Sequence[float] | None,
    *,
    adds: bool,
    ahead: int,
    later: Sequence[tuple[int, Sequence[float]]] = (),
) -> Part:
    stages = tuple(Stage(step, _known(stood, step)) for step, stood in later)
    so_far = so_far if so_far is not None else [NAN] * len(ends)
    return Part(_known(ends, ahead), _row(so_far), np.array([adds]), stages)


def _known(values: Sequence[float], ahead: int) -> Any:
    known = _row(values)
    known[:, -ahead:] = NAN
    return known


def _row(values: Sequence[float]) -> Any:
    return np.array([values], dtype=np.float64)


def _each(value: float | Sequence[float], periods: int) -> Any:
    return np.full(periods, value, dtype=np.float64) if isinstance(value, float | int) else np.array(value, np.float64)
