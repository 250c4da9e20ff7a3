"""The scale errors are measured on: shares of the value where it is always positive, else the value's own unit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kpi_pipeline.projection.nouns import Board, Flags, Numbers


@dataclass(frozen=True, eq=False)
class Scale:
    """How values of each series become what errors are told in, and which values are possible at all.

    `relative`: values are compared by their logarithms, so that a tenth too much is as far off as a tenth too little.
    """

    relative: Flags
    lowest: Numbers
    highest: Numbers

    def of(self, values: Numbers) -> Numbers:
        """Values on the scale; NaN where there is no such value, as the logarithm of nothing."""
        logs = np.log(values, out=np.full(values.shape, np.nan), where=values > 0)
        return np.where(self.relative[:, None], logs, values)

    def back(self, scaled: Numbers) -> Numbers:
        """Values again."""
        powers = np.exp(np.where(self.relative[:, None], np.minimum(scaled, 700), 0))
        return np.where(self.relative[:, None], powers, scaled)

    def inside(self, values: Numbers) -> Numbers:
        """Values within what is possible."""
        return np.clip(values, self.lowest[:, None], self.highest[:, None])

    def as_error(self, average: Numbers) -> Numbers:
        """An average error on the scale as a share of the value, or in the value's unit."""
        return np.where(self.relative, np.expm1(np.where(self.relative, np.minimum(average, 700), 0)), average)


def scale_of(board: Board, ends: Numbers) -> Scale:
    """The scale of each series: a share of a whole lies between 0 and 1, what never was negative is not below 0."""
    known = np.isfinite(ends)
    positive = (np.where(known, ends, 1) > 0).all(axis=1) & known.any(axis=1)
    never_negative = (np.where(known, ends, 0) >= 0).all(axis=1)
    upper, lower = board.upper.ends, board.lower.ends
    apart = np.isfinite(upper) & np.isfinite(lower) & ((upper < 0) | (upper > lower))
    is_share = board.is_ratio & never_negative & ~apart.any(axis=1)
    lowest = np.where(never_negative, 0.0, -np.inf)
    return Scale(positive & ~is_share, lowest, np.where(is_share, 1.0, np.inf))
