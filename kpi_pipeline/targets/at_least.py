"""At least: stay at or above a value."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kpi_pipeline.periods import DayGrain
from kpi_pipeline.targets.base import ValuesBase


class AtLeast(ValuesBase):
    """The value should be the target or more.

    Attainment is 1 + (value - target) / |target|: for a positive target that is value / target.
    Beside a target of zero there is no distance: attainment is 1 where it is reached, else 0.
    """

    type: Literal["at_least"] = Field(description="the kind of target")
    accumulate: DayGrain | None = Field(
        default=None,
        description="the values are those of single periods, and add up until the week, month, quarter or year is over",
    )
