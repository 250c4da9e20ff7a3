"""Accepted range: the column stays within bounds."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from kpi_pipeline.checks.base import CheckBase


class AcceptedRange(CheckBase):
    """Each value lies between min and max, both included; a missing value passes."""

    type: Literal["accepted_range"] = Field(description="the kind of check")
    column: str = Field(description="the column it is about")
    min: float | None = Field(default=None, description="the least value allowed")
    max: float | None = Field(default=None, description="the greatest value allowed")

    @model_validator(mode="after")
    def _some_bound(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("give 'min', 'max' or both")
        return self
