"""At least: stay at or above a value."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kpi_pipeline.targets.base import TargetBase


class AtLeast(TargetBase):
    """The value should be the target or more.

    Attainment is 1 + (value - target) / |target|: for a positive target that is value / target.
    """

    type: Literal["at_least"] = Field(description="the kind of target")
