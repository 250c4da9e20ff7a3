"""Simple: one aggregate over the rows of one model."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, Self

from pydantic import Field, model_validator

from kpi_pipeline.metrics.base import MetricBase
from kpi_pipeline.names import Expression, Name


class Agg(StrEnum):
    """How the values of many rows become one."""

    sum = "sum"
    count = "count"  # type: ignore[assignment]  # a word like any other; nobody counts letters here
    count_distinct = "count_distinct"
    sum_boolean = "sum_boolean"
    average = "average"
    min = "min"
    max = "max"
    median = "median"
    percentile = "percentile"


class Simple(MetricBase):
    """An aggregate of `expr` over the rows of `model` that pass `filter`.

    Periods without rows: a sum or a count is 0 in KPI tables, everything else has no value. A sum of nothing but NULLs
    has no value. A distinct count over a longer period counts again; it never adds shorter ones.
    """

    type: Literal["simple"] = Field(description="the kind of metric")
    model: Name = Field(description="the model whose rows it is computed from")
    agg: Agg = Field(description="how the values of many rows become one")
    expr: Expression = Field(
        default="1", description="a column or an expression of the model's columns; not an aggregate"
    )
    filter: Expression | None = Field(default=None, description="only rows for which this is true")
    agg_time_dimension: Name | None = Field(default=None, description="another time column than the model's own")
    percentile: float | None = Field(default=None, ge=0, le=1, description="the share of values below, such as 0.9")
    percentile_type: Literal["continuous", "discrete"] = Field(
        default="continuous", description="between two values, or always one that occurs"
    )

    @model_validator(mode="after")
    def _percentile_fits(self) -> Self:
        if (self.agg is Agg.percentile) != (self.percentile is not None):
            raise ValueError("'percentile: 0.95' goes with 'agg: percentile', and one needs the other")
        if self.agg is not Agg.count and "expr" not in self.model_fields_set:
            raise ValueError(f"'agg: {self.agg}' needs 'expr': what to aggregate")
        return self
