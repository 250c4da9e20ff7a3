"""Growth: be so much above, or below, an earlier period."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from kpi_pipeline.names import Noun, Share
from kpi_pipeline.periods import FirstDay
from kpi_pipeline.targets.base import SEGMENT, TargetBase, one_origin


class GrowthRate(Noun):
    """How much the value should grow from a day on, until another rate is given."""

    from_: FirstDay = Field(alias="from", description="the first day it holds on, such as 2010-09")
    value: Share = Field(description="the growth as a share, such as 5%; less than nothing for what should shrink")
    segment: str = Field(default="all", description=SEGMENT)


class Growth(TargetBase):
    """The value should be an earlier one and a share of it more: target = earlier + rate x |earlier|.

    Of a KPI that is better when it goes down, the value should be that or less. Attainment is that of `at_least` and
    `at_most`. Where the earlier value is missing or zero there is nothing to grow from, and no target.
    """

    type: Literal["growth"] = Field(description="the kind of target")
    against: Literal["previous_period", "year_ago"] = Field(
        default="year_ago", description="the earlier period: the one before, or the same one a year before"
    )
    values: tuple[GrowthRate, ...] = Field(default=(), description="the rates, each from a day on")

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        one_origin(self.values, self.table)
        return self
