"""What every kind of metric shares, and how one metric refers to another."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field, model_validator

from kpi_pipeline.names import Expression, Name, Named, Noun
from kpi_pipeline.periods import WindowText


class Unit(StrEnum):
    """What a metric's number counts; it decides how the number is written for people."""

    number = "number"
    count = "count"  # type: ignore[assignment]  # a word like any other; nobody counts letters here
    currency = "currency"
    percent = "percent"
    """A share: 0.25 is written 25 %."""
    points = "points"
    times = "times"
    score = "score"
    minutes = "minutes"
    hours = "hours"
    days = "days"
    months = "months"


class MetricBase(Named):
    """A named measurement with one meaning."""

    unit: Unit = Field(
        default=Unit.number, description="what the number counts; it decides how it is written for people"
    )
    owner: Name | None = Field(default=None, description="the person who answers for the definition")
    fill_nulls_with: float | None = Field(
        default=None, description="the value where there would be none; it survives into ratios and derived metrics"
    )

    @property
    def inputs(self) -> tuple[InputMetric, ...]:
        """The metrics this one is computed from; none for a metric computed from rows."""
        return ()


class InputMetric(Noun):
    """A metric used by another one, perhaps narrowed by a filter or moved in time.

    A plain name is enough where neither is wanted.
    """

    name: Name = Field(description="the metric used")
    alias: Name | None = Field(default=None, description="what the expression calls it; by default its name")
    filter: Expression | None = Field(default=None, description="only rows for which this is true")
    offset_window: WindowText | None = Field(default=None, description="how much earlier, such as 1 year")

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @property
    def called(self) -> str:
        """How a derived expression refers to it."""
        return self.alias or self.name
