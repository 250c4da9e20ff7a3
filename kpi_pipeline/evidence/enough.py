"""Is there enough to test a claim on? The longest stretch without a gap, and what it must hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kpi_pipeline.evidence.nouns import Claim, Reason
from kpi_pipeline.verdict import fewest_periods

SHORTEST_SEARCH = 4
FEWEST_SEASONS = 1
"""Before it has been seen twice a season is only described roughly, by two waves; that must do, and it does."""
LEAST_CHANGING = 0.1
"""A series of which more than nine tenths are one and the same number counts as constant."""


@dataclass(frozen=True)
class Stretch:
    """Periods `first` to `last` (positions, both included), in which every series has a number."""

    first: int
    last: int

    @property
    def periods(self) -> int:
        """How many periods it has."""
        return self.last - self.first + 1


def longest_lag(expected_lag: int) -> int:
    """L: half as long again as the claimed lag, and at least four periods.

    >>> longest_lag(1), longest_lag(4), longest_lag(13)
    (4, 6, 20)
    """
    return max(SHORTEST_SEARCH, -(-3 * expected_lag // 2))


def periods_needed(expected_lag: int, season: int) -> int:
    """The least number of periods without a gap.

    >>> periods_needed(1, 1), periods_needed(8, 12), periods_needed(1, 52)
    (30, 60, 52)
    """
    return max(fewest_periods(longest_lag(expected_lag)), FEWEST_SEASONS * season if season > 1 else 0)


def longest_stretch(claim: Claim) -> Stretch | None:
    """The longest run of periods in which every series has a finite number; of two equal ones the later."""
    there = np.all([np.isfinite(series) for series in (claim.leader, claim.follower, *claim.controls)], axis=0)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], there.astype(np.int8), [0]))))
    if not len(edges):
        return None
    starts, ends = edges[::2], edges[1::2]
    lengths = ends - starts
    longest = len(lengths) - 1 - int(np.argmax(lengths[::-1]))
    return Stretch(int(starts[longest]), int(ends[longest]) - 1)


def missing(claim: Claim) -> tuple[Stretch | None, Reason | None]:
    """The stretch to test on, and why it will not do, if it will not."""
    if len({len(series) for series in (claim.leader, claim.follower, *claim.controls)}) > 1:
        return None, Reason.LENGTHS_DIFFER
    stretch = longest_stretch(claim)
    if stretch is None:
        return None, Reason.NO_DATA
    if stretch.periods < periods_needed(claim.expected_lag, 1):
        return stretch, Reason.TOO_FEW_PERIODS
    if stretch.periods < periods_needed(claim.expected_lag, claim.season):
        return stretch, Reason.TOO_FEW_SEASONS
    part = slice(stretch.first, stretch.last + 1)
    if _hardly_changes(claim.leader[part]) or _hardly_changes(claim.follower[part]):
        return stretch, Reason.CONSTANT
    return stretch, None


def _hardly_changes(series: np.ndarray) -> bool:
    """Whether nearly all periods have the same number, but for the last digits of a computer's arithmetic."""
    size = float(np.max(np.abs(series)))
    rounded = np.round(series / size, 12) if size > 0 else series
    _, counts = np.unique(rounded, return_counts=True)
    return bool(counts.max() > (1 - LEAST_CHANGING) * len(series))
