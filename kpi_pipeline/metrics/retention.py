"""Retention: who comes back, by the period in which they first came."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from kpi_pipeline.metrics.base import MetricBase
from kpi_pipeline.names import Condition, Name, Noun
from kpi_pipeline.periods import DayGrain


class Age(Noun):
    """How many periods after the first one; a plain number is that period alone."""

    model_config = ConfigDict(populate_by_name=True)

    from_: int = Field(alias="from", ge=0, description="the first period that counts, seen from that of the first row")
    to: int = Field(ge=0, description="the last one; seen in any of them is retained")

    @model_validator(mode="before")
    @classmethod
    def _from_number(cls, value: Any) -> Any:
        return value if isinstance(value, dict | Age) else {"from": value, "to": value}

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.to < self.from_:
            raise ValueError(f"'to: {self.to}' lies before 'from: {self.from_}'")
        return self

    def __str__(self) -> str:
        return str(self.from_) if self.from_ == self.to else f"{self.from_} to {self.to}"


class Retention(MetricBase):
    """The share of a cohort that is seen again in the period that lies `age` periods after its first one.

    The cohort of an entity is the period (`cohort_grain`, in the project's calendar) of its first row in the model, of
    those that pass `filter`. The value stands at the cohort's period and in the segment of the first row; quarters add
    up the cohorts of their months that have come to the age. It is complete once the later period is. Age 0 is the
    cohort itself. Broken down by `cohort_age` it has a row for every age in the place of `age`: the whole table of
    cohorts.
    """

    type: Literal["retention"] = Field(description="the kind of metric")
    entity: Name = Field(description="who comes back: an entity of the model, such as customer")
    model: Name = Field(description="the model whose rows say when somebody was there")
    filter: Condition | None = Field(default=None, description="only rows for which this is true")
    agg_time_dimension: Name | None = Field(default=None, description="another time column than the model's own")
    cohort_grain: DayGrain = Field(description="the periods that cohorts and ages are counted in")
    age: Age = Field(description="how many periods later, such as 1; or {from: 1, to: 3}, in any of them")
    oldest_age: int | None = Field(
        default=None, ge=0, description="the last age that `cohort_age` shows; by default as many as there are"
    )
    calculation: Literal["retention_rate", "retained"] = Field(
        default="retention_rate", description="those seen again by all of the cohort, or their number"
    )
