"""Segments add up: the parts of a KPI make its whole."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kpi_pipeline.checks.base import CheckBase
from kpi_pipeline.names import Share


class SegmentsAddUp(CheckBase):
    """Of a KPI: in every complete period the values of a breakdown's segments add up to the total.

    For sums and counts: a join that loses rows, or counts some twice, shows here. What is counted distinctly, ratios,
    averages and other measures of how do not add up by their nature. `tolerate` is the share of the total by which the
    sum may differ.
    """

    type: Literal["segments_add_up"] = Field(description="the kind of check")
    breakdown: tuple[str, ...] = Field(
        default=(), description="one of the KPI's breakdowns, such as [country]; by default each of them"
    )
    periods: int | None = Field(
        default=None, ge=1, description="how many of the latest complete periods are looked at; all by default"
    )
    tolerate: Share = Field(
        default=0, ge=0, lt=1, description="the share of the total by which the sum may differ, such as 0.1%"
    )
