"""Cumulative: a metric added up over a trailing window, since a period began, or since the beginning."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from kpi_pipeline.metrics.base import InputMetric, JoinToTimespine, MetricBase
from kpi_pipeline.periods import Grain, WindowText


class Cumulative(MetricBase):
    """`input_metric` over a trailing `window`, or since the start of `grain_to_date`, or over all time.

    A distinct count counts distinct over the whole window. At a coarser grain `period_agg` chooses among the days of
    the period: the last one's value, the first one's, their average, the highest or the lowest.
    """

    type: Literal["cumulative"] = Field(description="the kind of metric")
    input_metric: InputMetric = Field(description="the metric that is accumulated")
    window: WindowText | None = Field(default=None, description="how far back it reaches, such as 28 days")
    grain_to_date: Grain | None = Field(default=None, description="the period since whose start it adds up")
    period_agg: Literal["last", "first", "average", "highest", "lowest"] = Field(
        default="last", description="which day's value a longer period takes, or what of all its days"
    )
    join_to_timespine: JoinToTimespine = False

    @model_validator(mode="after")
    def _one_reach(self) -> Self:
        if self.window and self.grain_to_date:
            raise ValueError("'window' and 'grain_to_date' exclude each other; keep one")
        return self

    @property
    def inputs(self) -> tuple[InputMetric, ...]:
        return (self.input_metric,)
