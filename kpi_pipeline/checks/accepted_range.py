"""Accepted range: the column stays within bounds."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from kpi_pipeline.checks.base import CheckBase
from kpi_pipeline.checks.bounds import some_bound


class AcceptedRange(CheckBase):
    """Each value lies between min and max, both included; a missing value passes."""

    of_single_rows: ClassVar[bool] = True

    type: Literal["accepted_range"] = Field(description="the kind of check")
    column: str = Field(description="the column it is about")
    min: float | None = Field(default=None, description="the least value allowed")
    max: float | None = Field(default=None, description="the greatest value allowed")

    _some_bound = model_validator(mode="after")(some_bound)
