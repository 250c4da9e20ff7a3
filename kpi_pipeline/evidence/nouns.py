"""What is claimed of two series, what was measured, and what that amounts to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from kpi_pipeline.verdict import Verdict

Series = NDArray[np.float64]
"""One number a period, oldest first; NaN where there is none."""


class Reason(StrEnum):
    """Why a verdict is what it is, as a code; whoever shows it has the words."""

    TOO_FEW_PERIODS = "too_few_periods"
    """The longest stretch without a gap has fewer periods than the search needs."""
    TOO_FEW_SEASONS = "too_few_seasons"
    """The longest stretch without a gap is shorter than a season."""
    NO_DATA = "no_data"
    """There is no period in which both series have a value."""
    CONSTANT = "constant"
    """The leader or the follower hardly ever changes, or only as its season and trend say."""
    LENGTHS_DIFFER = "lengths_differ"
    """The series do not have the same periods."""
    LEADS = "leads"
    """All that was asked for was found."""
    LEADS_BOTH_WAYS = "leads_both_ways"
    """The leader comes before the follower, and the follower before the leader."""
    FOLLOWS = "follows"
    """What is called the follower comes first."""
    SAME_PERIOD = "same_period"
    """The correlation is highest within the same period."""
    NO_CORRELATION = "no_correlation"
    """The highest correlation is no higher than searching through so many lags finds by chance."""
    TOO_LITTLE_POWER = "too_little_power"
    """There is no correlation beyond chance, but only one too high to be asked for would have stood out."""
    OPPOSITE_SIGN = "opposite_sign"
    """The correlation has the sign that was not claimed."""
    NO_PRECEDENCE = "no_precedence"
    """The leader's past adds nothing sure to what the follower's own past says (Toda-Yamamoto)."""
    NO_SKILL = "no_skill"
    """Forecasts at the claimed lag were not surely better with the leader."""
    LAG_DIFFERS = "lag_differs"
    """The lag found is not the one that was claimed; both are given."""
    FADING = "fading"
    """The sign that was seen in the first window is not seen in the last one."""


@dataclass(frozen=True, eq=False)
class Claim:
    """That `leader` comes before `follower` by `expected_lag` periods, with this sign.

    All series have one number for each period of one grain, the same periods, oldest first, complete periods only; a
    missing one is NaN. `season` is how many periods make one (12 for months, 52 for weeks, 1 for none). `expected_sign`
    is 1, -1, or 0 where either will do. `controls` are series that may move both: their past is held constant. Tests
    with the same `seed` give the same numbers.
    """

    leader: Series
    follower: Series
    season: int = 1
    expected_lag: int = 1
    expected_sign: int = 1
    controls: tuple[Series, ...] = ()
    seed: int = 0


@dataclass(frozen=True)
class Window:
    """The same test on a part of the periods, from position `first` to `last`: does the claim hold there, too?"""

    first: int
    last: int
    correlation: float
    """At the lag that was measured on all periods."""
    p_value: float
    """Of that one correlation: it was not searched for again, so this is its two-sided p."""
    holds: bool
    """Whether it has the sign seen on all periods and stands out at 10 %."""


@dataclass(frozen=True)
class Tested:
    """Everything that was measured for one claim, before anything is corrected for how many claims there are.

    Numbers are None where the claim could not be tested; `reason` then says why.
    """

    expected_lag: int
    expected_sign: int
    reason: Reason | None = None
    periods: int = 0
    """How many periods were used: the longest stretch without a gap."""
    first: int | None = None
    """Position of the first period used, in the series as they were given."""
    last: int | None = None
    longest_lag: int = 0
    """L: correlations were searched at lags 0 to L, and at -1 to -L for the opposite direction."""
    clipped: int = 0
    """How many values stood so far out that they were pulled in, in both series together."""
    leader_logged: bool = False
    follower_logged: bool = False
    differenced: int = 0
    """How many times both series were differenced: 0, 1 or 2."""
    trend_removed: bool = False
    season_terms: int = 0
    """How many terms describe the season that was removed; 0 means that none was."""
    season: str | None = None
    """These terms, such as `cos 1/52, sin 1/52, at 50/52`; None where an earlier version did not tell."""
    prewhitening_order: int = 0
    """The order of the autoregression fitted to the leader, applied to both."""
    measured_lag: int | None = None
    """Where the correlation is highest within 0 to L, whichever its sign."""
    correlation: float | None = None
    correlations: tuple[float, ...] = ()
    """At the lags -L to L; a positive lag means that the leader comes first."""
    band: float | None = None
    """A single correlation of unrelated series stays within ± band in 95 of 100 cases."""
    search_band: float | None = None
    """The highest of all lags searched, 0 to L, stays within ± this in 95 of 100 cases, in whichever way of making
    chance it goes farther."""
    p_value: float | None = None
    """How often unrelated series show a highest correlation like this one (permutation)."""
    reverse_lag: int | None = None
    """Where the correlation is highest in the opposite direction, as a positive number of periods."""
    reverse_correlation: float | None = None
    reverse_p_value: float | None = None
    """The permutation's p of the opposite direction, lags -1 to -L."""
    granger_order: int | None = None
    """How many lags the test of Toda and Yamamoto restricts."""
    granger_f: float | None = None
    granger_p: float | None = None
    """That the leader's past adds nothing to the follower's own (Toda-Yamamoto)."""
    reverse_f: float | None = None
    reverse_p: float | None = None
    """The same in the opposite direction."""
    skill: float | None = None
    """1 - RMSE with the leader / RMSE without, of forecasts `expected_lag` periods ahead (at least one)."""
    skill_low: float | None = None
    """The interval of `skill` that holds it in 90 of 100 cases."""
    skill_high: float | None = None
    skill_p: float | None = None
    """That forecasts are no better with the leader (Diebold-Mariano, corrected by Harvey, Leybourne and Newbold)."""
    forecasts: int = 0
    """How many forecasts were compared."""
    stability: float | None = None
    """The share of windows in which the claim holds."""
    windows: tuple[Window, ...] = ()

    @property
    def lags(self) -> tuple[int, ...]:
        """The lags of `correlations`."""
        return tuple(range(-self.longest_lag, self.longest_lag + 1)) if self.correlations else ()


@dataclass(frozen=True)
class Evidence:
    """What was measured, corrected for how many claims were looked at, and the verdict."""

    tested: Tested
    verdict: Verdict
    reason: Reason
    """What decided."""
    remarks: tuple[Reason, ...] = ()
    """What else is worth saying: the lag differs from the claimed one, the leader is fading."""
    p_adjusted: float | None = None
    """`p_value`, corrected by Benjamini and Hochberg over all claims."""
    reverse_p_adjusted: float | None = None
    """`reverse_p_value`, corrected in the same way."""
    stands_out: float | None = None
    """The smallest correlation that would have stood out from chance, corrected for all claims."""


@dataclass(frozen=True)
class Candidate:
    """A leader that nobody has claimed: two series worth a look, never a verdict."""

    leader: str
    follower: str
    lag: int
    correlation: float
    p_value: float
    p_adjusted: float
    """Corrected for all ordered pairs that were looked at."""
    granger_p: float
    periods: int
