"""Accepted range: the column stays within bounds."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from kpi_pipeline.checks.base import CheckBase


class AcceptedRange(CheckBase):
    """Each value lies between min and max, both included; a missing value passes."""

    type: Literal["accepted_range"]
    column: str
    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _some_bound(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("give 'min', 'max' or both")
        return self
