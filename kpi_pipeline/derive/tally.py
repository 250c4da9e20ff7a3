"""Numbers added up by cell, part by part."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]
DENSE = 1 << 22
"""Up to so many cells there is a counter for each; of more only those are kept that occur."""


def occurring(places: NDArray[np.integer], size: int) -> tuple[Whole, Whole]:
    """The places below `size` that occur, and how often."""
    if size <= max(DENSE, 2 * len(places)):
        counts = np.bincount(places, minlength=1)
        there = np.flatnonzero(counts)
        return there, counts[there]
    there, counts = np.unique(places, return_counts=True)
    return there.astype(np.int64), counts


@dataclass
class Tally:
    """The sum of what was added, by cell.

    NOTE: kept small whatever the number of parts, because there are as many parts as the data is large.
    """

    cells: int
    _dense: Whole | None = None
    _sparse: list[tuple[Whole, Whole]] = field(default_factory=list)

    def add(self, cell: Whole, number: Whole) -> None:
        """Adds a part."""
        if self.cells <= DENSE:
            if self._dense is None:
                self._dense = np.zeros(self.cells, np.int64)
            np.add.at(self._dense, cell, number)
            return
        self._sparse.append((cell, number))
        if len(self._sparse) > 3:
            self._sparse = [self.total()]

    def total(self) -> tuple[Whole, Whole]:
        """The cells that occur, in order, with their sums."""
        if self._dense is not None:
            there = np.flatnonzero(self._dense)
            return there, self._dense[there]
        if not self._sparse:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        cells, place = np.unique(np.concatenate([cell for cell, _ in self._sparse]), return_inverse=True)
        sums = np.zeros(len(cells), np.int64)
        np.add.at(sums, place, np.concatenate([number for _, number in self._sparse]))
        return cells, sums
