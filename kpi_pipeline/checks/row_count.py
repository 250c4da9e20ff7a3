"""Row count: as many rows as expected."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from kpi_pipeline.checks.base import CheckBase


class RowCount(CheckBase):
    """The number of rows lies between min and max, both included."""

    type: Literal["row_count"] = Field(description="the kind of check")
    min: int | None = Field(default=None, ge=0, description="the fewest rows allowed")
    max: int | None = Field(default=None, ge=0, description="the most rows allowed")

    @model_validator(mode="after")
    def _some_bound(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("give 'min', 'max' or both")
        return self
