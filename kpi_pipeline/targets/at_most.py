"""At most: stay at or below a value."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kpi_pipeline.targets.base import TargetBase


class AtMost(TargetBase):
    """The value should be the target or less.

    Attainment is 1 + (target - value) / |target|: 1 at the target, 2 at zero, 0 at twice a positive target.
    """

    type: Literal["at_most"] = Field(description="the kind of target")
