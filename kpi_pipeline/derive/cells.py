"""The cells of a sheet: a stretch of time and a segment each, as one number, so that a value is found by its place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kpi_pipeline.derive.segments import SEGMENT, Segments
from kpi_pipeline.derive.stretches import STRETCH, Stretches

CELL = "_cell"
Numbers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Cells:
    """Cells in order of stretch and segment; the number of each is stretch x width + segment.

    `width` is the number of segments there are; where every stretch has them all, a cell stands at its number.
    """

    numbers: Numbers
    width: int

    @property
    def stretch(self) -> Numbers:
        """The stretch of each cell."""
        return self.numbers // self.width

    @property
    def segment(self) -> Numbers:
        """The segment of each cell."""
        return self.numbers % self.width

    def places(self, wanted: Numbers) -> Numbers:
        """Where cells stand; -1 for those that the sheet does not have."""
        if len(self.numbers) and len(self.numbers) == self.numbers[-1] + 1:
            return np.where(wanted < len(self.numbers), wanted, -1)
        at = np.minimum(np.searchsorted(self.numbers, wanted), max(len(self.numbers) - 1, 0))
        found: Numbers = np.where(self.numbers[at] == wanted, at, -1) if len(self.numbers) else np.full(len(wanted), -1)
        return found

    def laid(self, values: pl.DataFrame) -> pl.DataFrame:
        """The columns of values (a row a cell, in any order) at the places of the cells; NULL where there is none."""
        at = self.places(values.get_column(CELL).to_numpy())
        row = np.full(len(self.numbers), -1)
        row[at[at >= 0]] = np.flatnonzero(at >= 0)
        return values.select(pl.exclude(CELL).gather(optional(row)))

    def looked_at(self, back: Numbers) -> Numbers:
        """For each cell the number of the one that it looks back at."""
        return back[self.stretch] * self.width + self.segment


def optional(places: Numbers) -> pl.Series:
    """Places to gather from; nothing is gathered where they are below 0."""
    found = pl.Series(places)
    return found.set(found < 0, None) if len(places) and places.min() < 0 else found


def cell(segments: Segments) -> pl.Expr:
    """The number of the cell of a row that has a stretch and a segment."""
    return (pl.col(STRETCH) * segments.width + pl.col(SEGMENT).cast(pl.Int64)).alias(CELL)


def every_cell(stretches: Stretches, width: int) -> Cells:
    """All segments in all stretches."""
    return Cells(np.arange(stretches.table.height * width), max(width, 1))


def cells_with_data(seen: Iterable[Numbers], stretches: Stretches, width: int) -> Cells:
    """The cells of the sheet's periods for which something is seen, at once or looking back, and all they look back at.

    `seen`: the cells that have rows.
    """
    width = max(width, 1)
    there = np.unique(np.concatenate([np.zeros(0, np.int64), *seen]))
    ways = [back for way, back in stretches.back.items() if way]
    looking = [_looking_at(there, back[: stretches.own], width) for back in (np.arange(stretches.own), *ways)]
    found = Cells(np.unique(np.concatenate(looking)), width)
    for _ in ("compared with earlier periods", "and what those look back at"):
        found = Cells(np.unique(np.concatenate([found.numbers, *(found.looked_at(back) for back in ways)])), width)
    return found


def _looking_at(there: Numbers, back: Numbers, width: int) -> Numbers:
    """The cells that look back at one of those there: for each stretch, the segments of the one it looks back at."""
    first, after = np.searchsorted(there, back * width), np.searchsorted(there, (back + 1) * width)
    number = after - first
    place = np.arange(number.sum()) + np.repeat(first - np.cumsum(number) + number, number)
    found: Numbers = np.repeat(np.arange(len(back)), number) * width + there[place] % width
    return found
