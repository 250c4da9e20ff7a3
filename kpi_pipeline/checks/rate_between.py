"""Rate between: a KPI that is a ratio or another measure of how, not of how much, stays within bounds."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kpi_pipeline.checks.of_values import ValuesBetween
from kpi_pipeline.names import Share


class RateBetween(ValuesBetween):
    """Of a KPI: its value lies between min and max, both included, in every complete period; a missing value passes.

    Bounds are those of what can be, not of what is wished: a share above 100 % is a mistake in the data, one below its
    target is for the status. A value that is a total has no such bounds; `change_within` watches how it moves.
    """

    type: Literal["rate_between"] = Field(description="the kind of check")
    min: Share | None = Field(default=None, description="the least value that can be, such as 0%")
    max: Share | None = Field(default=None, description="the greatest value that can be, such as 100%")
