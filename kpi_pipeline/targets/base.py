"""What every kind of target shares: numbers with a date, inline or from a table, and who set them."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from kpi_pipeline.names import Name, Noun
from kpi_pipeline.periods import FirstDay, LastDay

SEGMENT = "the segment it holds for, such as country=France; by default the total"


class TargetValue(Noun):
    """The value to reach from a day on, until a later one is given.

    `segment` names one segment, such as `country=France`; without it the value is the total's.
    """

    from_: FirstDay = Field(alias="from", description="the first day it holds on, such as 2010-09")
    value: float = Field(description="the value to reach; a share such as 0.25 for percent")
    segment: str = Field(default="all", description=SEGMENT)


class Band(Noun):
    """The values to stay between from a day on, until later ones are given."""

    from_: FirstDay = Field(alias="from", description="the first day it holds on, such as 2010-09")
    low: float = Field(description="the lowest value that is as wished")
    high: float = Field(description="the highest value that is as wished")
    segment: str = Field(default="all", description=SEGMENT)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.high < self.low:
            raise ValueError(f"'high' ({self.high:g}) is less than 'low' ({self.low:g})")
        return self


class Milestone(Noun):
    """The value to have reached at the end of the period that a day lies in."""

    by: LastDay = Field(description="the day by which it is to be reached, such as 2010-12")
    value: float = Field(description="the value to reach; a share such as 0.25 for percent")
    segment: str = Field(default="all", description=SEGMENT)


class Baseline(Noun):
    """Where the way begins: the value of the period that a day lies in, as measured unless it is given."""

    at: LastDay = Field(description="the period it begins with, or its last day, such as 2009-12")
    value: float | None = Field(default=None, description="its value; by default what the KPI was in that period")


class TargetBase(Noun):
    """Where a target's numbers come from, and who set them."""

    table: Name | None = Field(
        default=None,
        description="a source or model that gives the numbers: kpi, period_start, value (or low and high), "
        "and perhaps segment and provenance",
    )
    until: LastDay | None = Field(
        default=None, description="the last day on which a period may begin and still have it; by default it goes on"
    )
    provenance: str = Field(default="", description="who set it, when, from what")


class ValuesBase(TargetBase):
    """Dated values, carried forward; a period takes the latest one that begins on or before its first day."""

    values: tuple[TargetValue, ...] = Field(default=(), description="the values, each from a day on")

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        one_origin(self.values, self.table)
        return self


def one_origin(values: object, table: str | None) -> None:
    """Refuses a target with numbers from two origins, or none."""
    if bool(values) == bool(table):
        raise ValueError("a target takes its numbers from 'values' or from 'table': give one of the two")
