"""What makes a simple metric a stock: something that is counted at a moment, not added up over time."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from kpi_pipeline.names import Name, Noun


class NonAdditiveDimension(Noun):
    """The time along which a metric must not be added up, as in dbt: of each period only one moment counts.

    For each combination of the groupings the rows at the latest (max) or earliest (min) moment within the period count,
    all of them where several have it; then they are aggregated. With average, highest and lowest the rows of every
    moment are aggregated, the values of a period's moments give one value a grouping, and those are added.
    """

    name: Name = Field(description="the time dimension that says at which moment a row was true")
    window_agg: Literal["max", "min", "average", "highest", "lowest"] = Field(
        description="the latest or earliest moment of a period, or the average, highest or lowest of its moments"
    )
    window_groupings: tuple[Name, ...] = Field(
        default=(), description="entities or dimensions each of which has a moment of its own; by default all share one"
    )
    carry_forward: bool = Field(
        default=False, description="what has no row in a period keeps its last one from before; with max only"
    )

    @model_validator(mode="after")
    def _carried_to_the_latest(self) -> Self:
        if self.carry_forward and self.window_agg != "max":
            raise ValueError(f"'carry_forward' goes with 'window_agg: max', not with '{self.window_agg}'")
        return self


class Active(Noun):
    """Rows that last from one moment to another: at a day's end those count that have begun and not ended yet.

    A row without a beginning never counts, one without an end counts from its beginning on, and one that ends before it
    begins never does.
    """

    from_: Name = Field(alias="from", description="the time dimension or column that says when a row begins to count")
    to: Name = Field(description="the one that says when it ceases to; where that is empty the row counts on")
    at: Literal["end", "start", "average", "highest", "lowest"] = Field(
        default="end", description="of a period's days the last one, the first one, or the average, highest or lowest"
    )

    @model_validator(mode="after")
    def _two_moments(self) -> Self:
        if self.from_ == self.to:
            raise ValueError(f"'from' and 'to' are both '{self.to}', so nothing would ever be active")
        return self
