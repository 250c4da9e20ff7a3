"""Change within: a KPI does not jump."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kpi_pipeline.checks.of_values import ValuesBetween
from kpi_pipeline.names import Share


class ChangeWithin(ValuesBetween):
    """Of a KPI: against an earlier period its value changes by a share between min and max, in every complete period.

    A fall to half is -50%, twice as much +100%. Where there is nothing to compare with, or the earlier value is 0,
    it passes.
    """

    type: Literal["change_within"] = Field(description="the kind of check")
    min: Share | None = Field(default=None, description="the largest fall that can be, such as -50%")
    max: Share | None = Field(default=None, description="the largest rise that can be, such as 100%")
    against: Literal["previous", "year_ago"] = Field(
        default="previous", description="the period before, or the same one a year before"
    )
