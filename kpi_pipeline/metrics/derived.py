"""Derived: arithmetic over other metrics."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kpi_pipeline.metrics.base import InputMetric, MetricBase
from kpi_pipeline.names import Expression


class Derived(MetricBase):
    """An expression over other metrics, by their names or aliases.

    An input may be moved in time, by `offset_window` or `offset_to_grain`. A missing input gives no value, and so does
    a division by zero. Offsets move by the calendar, not by rows.
    """

    type: Literal["derived"] = Field(description="the kind of metric")
    expr: Expression = Field(description="arithmetic over the names or aliases of its inputs")
    input_metrics: tuple[InputMetric, ...] = Field(min_length=1, description="the metrics in the expression")

    @property
    def inputs(self) -> tuple[InputMetric, ...]:
        return self.input_metrics
