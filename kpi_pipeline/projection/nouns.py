"""What is known when a period is to be projected, and what is found.

Arrays have a row a series (a KPI and segment) and a column a period, oldest first; the last column is the period in
progress. NaN is what is not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Method(StrEnum):
    """A way to tell where a period ends. The last words of each are of values that do not add up over days."""

    naive = "naive"
    """As the period before ended, or the newest that has a value."""
    seasonal_naive = "seasonal_naive"
    """As the same period of the season before ended: last year's, or of a day last week's."""
    share_in = "share_in"
    """What is in by now, divided by the share that usually is; or the value stays as it stands."""
    share_in_season = "share_in_season"
    """The same, by the share that was in at this point of the season before; or what happened to the value then."""
    usual_rest = "usual_rest"
    """What is in, and for the working days that are left what lately came on such days; or the usual change."""
    seasonal_rest = "seasonal_rest"
    """What is in, and what came after this point of the season before, grown as lately; or the usual level."""
    blend = "blend"
    """The middle one of all the others."""
    leader = "leader"
    """The usual rest, and what the KPI that leads this one says by now."""


METHODS = tuple(Method)


class Reason(StrEnum):
    """Why nothing is projected."""

    too_few_periods = "too_few_periods"
    """There are too few earlier periods to try any way on."""
    not_computable = "not_computable"
    """No way that was tried gives a number for this period."""


@dataclass(frozen=True, eq=False)
class Clock:
    """How far each period was at the same point, and where the same period of the season before stands.

    `share`: of its working days, those over by then, 0 to 1. `work`: how many working days a period has. `ago`: the
    place of the same period of the season before; -1 where there is none. `ahead`: how many periods after the last one
    that is over the projected one comes: 1 is the next. `waits`: numbers come after a period, too.
    """

    share: Numbers
    work: Numbers
    ago: Places
    ahead: int = 1
    waits: bool = False


@dataclass(frozen=True, eq=False)
class Stage:
    """Where periods stood at a later point after they began; known of all that lie `ahead` or more periods back."""

    ahead: int
    stood: Numbers


@dataclass(frozen=True, eq=False)
class Part:
    """A value, or the upper or lower part of a ratio: where periods ended, and where they stood at the same point.

    `adds`: whether what comes later is added to what is in, as to a sum, and not to a level, as of a stock. `later`: of
    periods that wait, where they stood at later points, in order.
    """

    ends: Numbers
    so_far: Numbers
    adds: Flags
    later: tuple[Stage, ...] = ()


@dataclass(frozen=True, eq=False)
class Board:
    """Series that are projected together.

    `lower` is divided by where `is_ratio`. `grows`: the value never falls while a period lasts. `now`: the value as
    it is published, which may rest on more than what was in by the same point. `leader`: what a leading KPI was so much
    earlier that it is known by now.
    """

    clock: Clock
    upper: Part
    lower: Part
    is_ratio: Flags
    grows: Flags
    now: Numbers
    leader: Numbers


@dataclass(frozen=True, eq=False)
class Projected:
    """For each series where its last period will end; NaN and a reason where that cannot be said.

    `method` and `reference` are places in METHODS. `errors`: by method and series, how far off it was on average at the
    same point of earlier periods; `relative` errors are shares of the value. `origins`: how many periods the interval
    rests on. `covered` of `tried` intervals that would have been given then held what came.
    """

    value: Numbers
    low: Numbers
    high: Numbers
    method: Places
    reference: Places
    errors: Numbers
    relative: Flags
    origins: Places
    covered: Places
    tried: Places
    reason: tuple[Reason | None, ...]
