"""What every kind of metric shares, and how one metric refers to another."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from kpi_pipeline.names import Condition, Name, Named, Noun
from kpi_pipeline.periods import Grain, Shift, ToGrain, WindowText


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


JoinToTimespine = Annotated[
    bool,
    Field(
        description="a question has a row for every period, as in dbt; where there are no rows `fill_nulls_with`, "
        "or no value"
    ),
]


class MetricBase(Named):
    """A named measurement with one meaning."""

    unit: Unit = Field(
        default=Unit.number, description="what the number counts; it decides how it is written for people"
    )
    owner: Name | None = Field(default=None, description="the person who answers for the definition")
    fill_nulls_with: float | None = Field(
        default=None, description="the value where there would be none; it survives into ratios and derived metrics"
    )

    min_group_size: int | None = Field(
        default=None,
        ge=2,
        description="values that rest on fewer rows are not shown, nor what would tell them; by default the project's "
        "or, of metrics made of others, the largest of theirs",
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
    filter: Condition | None = Field(default=None, description="only rows for which this is true")
    offset_window: WindowText | None = Field(default=None, description="how much earlier, such as 1 year")
    offset_to_grain: Grain | None = Field(
        default=None, description="its value where the month (quarter, year) began, such as month"
    )

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_offset(self) -> Self:
        if self.offset_window and self.offset_to_grain:
            raise ValueError("'offset_window' and 'offset_to_grain' exclude each other; keep one")
        return self

    @property
    def offset(self) -> Shift | None:
        """How it is moved in time, if it is."""
        return ToGrain(self.offset_to_grain) if self.offset_to_grain else self.offset_window

    @property
    def called(self) -> str:
        """How a derived expression refers to it."""
        return self.alias or self.name
