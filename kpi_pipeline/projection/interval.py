"""How wide an interval must be so that four of five held what came: told by how far off earlier projections were."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from kpi_pipeline.projection.choice import FEWEST
from kpi_pipeline.projection.nouns import Numbers, Places

COVERAGE = 0.8
NEWEST = 26
"""So many errors tell the width: those of long ago were larger or smaller."""


def widths(off: Numbers, method: Places, ahead: int) -> tuple[Numbers, Places]:
    """By series and period half the interval's width on the scale of the errors, and how many errors it rests on.

    Split conformal prediction: the error at place 0.8 (n + 1) among the n in order, so that few errors make it wider;
    between two places it lies between the two. NaN where there are too few.
    """
    newest = _newest_errors(off, np.maximum(method, 0), ahead)
    ordered = np.sort(newest, axis=-1)
    number = np.isfinite(ordered).sum(axis=-1)
    place = np.clip(COVERAGE * (number + 1) - 1, 0, np.maximum(number - 1, 0))
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(number - 1, 0))
    low, high = (np.take_along_axis(ordered, at[..., None], -1)[..., 0] for at in (below, above))
    width = low + (high - low) * (place - below)
    return np.where((number >= FEWEST) & (method >= 0), width, np.nan), number


def _newest_errors(off: Numbers, method: Places, ahead: int) -> Numbers:
    """By series and period the errors, in earlier periods, of the method that is used in this one."""
    methods, rows, periods = off.shape
    padded = np.concatenate([np.full((methods, rows, NEWEST + ahead - 1), np.nan), off], axis=-1)
    windows = sliding_window_view(padded, NEWEST, axis=-1)[:, :, :periods]
    series, period = np.ogrid[:rows, :periods]
    found: Numbers = windows[method, series, period]
    return found
