"""Recency: the newest row is young enough."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kpi_pipeline.checks.base import CheckBase
from kpi_pipeline.periods import WindowText


class Recency(CheckBase):
    """The newest value of the column lies at most `within` before the project's as-of moment."""

    type: Literal["recency"] = Field(description="the kind of check")
    column: str = Field(description="the column of days or moments")
    within: WindowText = Field(description="how old the newest value may be, such as 3 days")
