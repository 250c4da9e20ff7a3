"""How often each place occurs, counted part by part."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]
DENSE = 1 << 23
"""Up to so many places there may be a counter for each; of more only those are kept that occur."""


@dataclass
class Tally:
    """How often places below `size` occurred.

    NOTE: kept small whatever the number of parts, because there are as many parts as the data is large.
    """

    size: int
    _dense: Whole | None = None
    _sparse: list[tuple[Whole, Whole]] = field(default_factory=list)

    def counters(self, coming: int) -> Whole | None:
        """A counter for each place, to be added to; None where that would be too many for what is coming."""
        if self._dense is None and not self._sparse and self.size <= min(DENSE, max(4 * coming, 1 << 16)):
            self._dense = np.zeros(self.size, np.int64)
        return self._dense

    def count(self, places: Whole) -> None:
        """Counts the places of a part."""
        counters = self.counters(len(places))
        if counters is not None:
            counters += np.bincount(places, minlength=self.size)
            return
        there, numbers = np.unique(places, return_counts=True)
        self._sparse.append((there, numbers.astype(np.int64)))
        if len(self._sparse) > 3:
            self._sparse = [self.total()]

    def total(self) -> tuple[Whole, Whole]:
        """The places that occurred, in order, and how often."""
        if self._dense is not None:
            there = np.flatnonzero(self._dense)
            return there, self._dense[there]
        if not self._sparse:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        places, at = np.unique(np.concatenate([place for place, _ in self._sparse]), return_inverse=True)
        sums = np.zeros(len(places), np.int64)
        np.add.at(sums, at, np.concatenate([number for _, number in self._sparse]))
        return places, sums
