"""What every kind of target shares: dated values, inline or from a table, and who set them."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from kpi_pipeline.names import Name, Noun
from kpi_pipeline.periods import FirstDay


class TargetValue(Noun):
    """The value to reach from a day on, until a later one is given.

    `segment` names one segment, such as `country=France`; without it the value is the total's.
    """

    from_: FirstDay = Field(alias="from", description="the first day it holds on, such as 2010-09")
    value: float = Field(description="the value to reach; a share such as 0.25 for percent")
    segment: str = Field(default="all", description="the segment it holds for, such as country=France")


class TargetBase(Noun):
    """Dated values, carried forward; a period takes the latest one that begins on or before its first day."""

    values: tuple[TargetValue, ...] = Field(default=(), description="the values, each from a day on")
    table: Name | None = Field(
        default=None, description="a source with columns kpi, period_start, segment, value and perhaps provenance"
    )
    provenance: str = Field(default="", description="who set it, when, from what")

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if bool(self.values) == bool(self.table):
            raise ValueError("a target takes its numbers from 'values' or from 'table': give one of the two")
        return self
