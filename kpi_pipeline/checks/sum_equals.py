"""Sum equals: two columns add up to the same, here or in two tables."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from kpi_pipeline.checks.base import CheckBase
from kpi_pipeline.names import Expression, Name, Share


class SumEquals(CheckBase):
    """The sum of the column equals the sum of another one, in this table or another: what was sold is what was booked.

    A missing value adds nothing, and no rows add up to 0. Of columns of floating-point numbers, what rounding leaves is
    no difference. `tolerate` is the share of the larger sum by which they may differ.
    """

    type: Literal["sum_equals"] = Field(description="the kind of check")
    column: str = Field(description="the column that is added up")
    to: Name | None = Field(default=None, description="the model or source with the other column; by default this one")
    field: str | None = Field(default=None, description="the other column; by default the one of the same name")
    field_filter: Expression | None = Field(
        default=None,
        description="only rows of the other column for which this is true; in one table instead of `filter`",
    )
    tolerate: Share = Field(
        default=0, ge=0, lt=1, description="the share of the larger sum by which they may differ, such as 0.1%"
    )

    @property
    def looks_in(self) -> str | None:
        """The other table."""
        return self.to

    @model_validator(mode="after")
    def _two_sums(self) -> Self:
        if not self.to and not self.field_filter and (self.field or self.column) == self.column:
            raise ValueError("a sum always equals itself: name the other column with 'field', its table with 'to'")
        return self
