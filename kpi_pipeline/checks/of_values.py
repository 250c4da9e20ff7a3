"""What checks share that hold a KPI's values, or how they change, between bounds."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from kpi_pipeline.checks.base import CheckBase
from kpi_pipeline.checks.bounds import some_bound
from kpi_pipeline.names import Share


class ValuesBetween(CheckBase):
    """Of a KPI: in every complete period a number lies between min and max, both included."""

    min: Share | None = Field(default=None, description="the least it can be")
    max: Share | None = Field(default=None, description="the greatest it can be")
    segments: Literal["total", "each"] = Field(default="total", description="the total alone, or each segment, too")
    periods: int | None = Field(
        default=None, ge=1, description="how many of the latest complete periods are looked at; all by default"
    )
    tolerate: Share = Field(default=0, ge=0, lt=1, description="the share of values that may fail, such as 2%")

    _some_bound = model_validator(mode="after")(some_bound)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("'min' is greater than 'max'")
        return self
