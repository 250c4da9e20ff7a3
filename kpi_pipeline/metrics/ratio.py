"""Ratio: one metric divided by another."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kpi_pipeline.metrics.base import InputMetric, MetricBase


class Ratio(MetricBase):
    """Numerator and denominator, each aggregated on its own at the grain and segment, then divided.

    A zero or missing denominator gives no value. A ratio never averages ratios.
    """

    type: Literal["ratio"] = Field(description="the kind of metric")
    numerator: InputMetric = Field(description="the metric that is divided")
    denominator: InputMetric = Field(description="the metric it is divided by")

    @property
    def inputs(self) -> tuple[InputMetric, ...]:
        return (self.numerator, self.denominator)
