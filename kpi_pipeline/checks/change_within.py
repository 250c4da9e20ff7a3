"""Change within: a KPI does not jump."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from kpi_pipeline.checks.base import CheckBase
from kpi_pipeline.names import Share


class ChangeWithin(CheckBase):
    """Of a KPI: against an earlier period its value changes by a share between min and max, in every complete period.

    A fall to half is -50%, twice as much +100%. Where there is nothing to compare with, or the earlier value is 0,
    it passes.
    """

    type: Literal["change_within"] = Field(description="the kind of check")
    min: Share | None = Field(default=None, description="the largest fall that can be, such as -50%")
    max: Share | None = Field(default=None, description="the largest rise that can be, such as 100%")
    against: Literal["previous", "year_ago"] = Field(
        default="previous", description="the period before, or the same one a year before"
    )
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
