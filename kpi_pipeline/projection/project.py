"""Where periods in progress will end: every way is tried on the past, and the one that was closest is used."""

from __future__ import annotations

import numpy as np

from kpi_pipeline.projection.choice import ORIGINS, choose
from kpi_pipeline.projection.interval import widths
from kpi_pipeline.projection.leading import with_leader
from kpi_pipeline.projection.methods import forecasts, so_far_of, values_of
from kpi_pipeline.projection.nouns import Board, Flags, Numbers, Projected, Reason
from kpi_pipeline.projection.scale import scale_of

DIGITS = 10
"""So many digits of a projection are told."""


def project(board: Board) -> Projected:
    """The projection of the last period of every series, with its interval and how its way fared in the past.

    The same rolling origin tells which way is used, how wide the interval is, and how many of the intervals that would
    have been given in the past held: for a period of the past only what was in by then is looked at.
    """
    ends, so_far = values_of(board), so_far_of(board)
    so_far[:, -1] = np.fmax(so_far[:, -1], np.where(board.grows, board.now, np.nan))
    scale = scale_of(board, ends)
    made = scale.inside(with_leader(board, scale, ends, _not_below(forecasts(board), so_far, board.grows)))
    made = np.where(np.isfinite(scale.of(made)), made, np.nan)
    off = np.abs(scale.of(made) - scale.of(ends))
    chosen = choose(off, made, board.clock.ahead)
    width, number = widths(off, chosen.method, board.clock.ahead)
    value = np.take_along_axis(made, np.maximum(chosen.method, 0)[None], 0)[0]
    value = np.where(np.isfinite(width), value, np.nan)
    low = _not_below(scale.inside(scale.back(scale.of(value) - width)), so_far, board.grows)
    high = scale.inside(scale.back(scale.of(value) + width))
    held = np.isfinite(value) & np.isfinite(ends)
    covered = held & (ends >= low - _hair(ends)) & (ends <= high + _hair(ends))
    return Projected(
        _stable(value[:, -1]),
        _stable(low[:, -1]),
        _stable(high[:, -1]),
        chosen.method[:, -1],
        chosen.reference[:, -1],
        scale.as_error(_average(off[..., -ORIGINS:])),
        scale.relative,
        number[:, -1],
        covered.sum(axis=1),
        held.sum(axis=1),
        tuple(_reason(known, method) for known, method in zip(value[:, -1], chosen.method[:, -1], strict=True)),
    )


def _not_below(values: Numbers, so_far: Numbers, grows: Flags) -> Numbers:
    """What can only grow ends no lower than it stands."""
    floor = np.where(grows[:, None] & np.isfinite(so_far), so_far, -np.inf)
    found: Numbers = np.maximum(values, floor)
    return found


def _stable(values: Numbers) -> Numbers:
    """The values to as many digits as do not depend on the machine; so an interval without width has none."""
    size = np.floor(np.log10(np.abs(values), out=np.zeros_like(values), where=np.abs(values) > 0))
    return np.array([round(one, DIGITS - 1 - int(at)) for one, at in zip(values.tolist(), size, strict=True)])


def _hair(values: Numbers) -> Numbers:
    """What two roads to the same number may differ by."""
    return np.abs(values) * 1e-9


def _average(off: Numbers) -> Numbers:
    """By method and series the average error."""
    known = np.isfinite(off)
    tried = known.sum(axis=-1)
    total = np.where(known, off, 0).sum(axis=-1)
    found: Numbers = np.divide(total, tried, out=np.full(total.shape, np.nan), where=tried > 0)
    return found


def _reason(value: float, method: int) -> Reason | None:
    if np.isfinite(value):
        return None
    return Reason.too_few_periods if method < 0 else Reason.not_computable
