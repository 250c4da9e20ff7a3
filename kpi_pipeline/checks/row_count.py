"""Row count: as many rows as expected."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from kpi_pipeline.checks.base import CheckBase
from kpi_pipeline.checks.bounds import some_bound


class RowCount(CheckBase):
    """The number of rows lies between min and max, both included."""

    type: Literal["row_count"] = Field(description="the kind of check")
    min: int | None = Field(default=None, ge=0, description="the fewest rows allowed")
    max: int | None = Field(default=None, ge=0, description="the most rows allowed")

    _some_bound = model_validator(mode="after")(some_bound)
