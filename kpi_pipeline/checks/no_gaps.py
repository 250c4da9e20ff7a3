"""No gaps: no period without rows."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kpi_pipeline.checks.base import CheckBase
from kpi_pipeline.names import Share
from kpi_pipeline.periods import Grain


class NoGaps(CheckBase):
    """Every period from that of the first row to that of the last has a row: no day of an export is missing.

    Periods are those of the clock and of the year (weeks from Monday), in the table's time zone; hours are those of UTC
    where moments have a zone. No rows have no gaps. `tolerate` is the share of periods that may have no row.
    """

    type: Literal["no_gaps"] = Field(description="the kind of check")
    column: str = Field(description="the column of days or moments")
    grain: Grain = Field(default=Grain.day, description="how long a period is")
    tolerate: Share = Field(default=0, ge=0, lt=1, description="the share of periods that may have no row, such as 2%")
