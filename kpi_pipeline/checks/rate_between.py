"""Rate between: a KPI that is a ratio or another measure of how, not of how much, stays within bounds."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from kpi_pipeline.checks.base import CheckBase
from kpi_pipeline.names import Share


class RateBetween(CheckBase):
    """Of a KPI: its value lies between min and max, both included, in every complete period; a missing value passes.

    Bounds are those of what can be, not of what is wished: a share above 100 % is a mistake in the data, one below its
    target is for the status. A value that is a total has no such bounds; `change_within` watches how it moves.
    """

    type: Literal["rate_between"] = Field(description="the kind of check")
    min: Share | None = Field(default=None, description="the least value that can be, such as 0%")
    max: Share | None = Field(default=None, description="the greatest value that can be, such as 100%")
    segments: Literal["total", "each"] = Field(default="total", description="the total alone, or each segment, too")
    periods: int | None = Field(
        default=None, ge=1, description="how many of the latest complete periods are looked at; all by default"
    )
    tolerate: Share = Field(default=0, ge=0, lt=1, description="the share of values that may fail, such as 2%")

    @model_validator(mode="after")
    def _some_bound(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("give 'min', 'max' or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("'min' is greater than 'max'")
        return self
