"""Simple: one aggregate over the rows of one model."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Literal, Self

from pydantic import Field, model_validator

from kpi_pipeline.metrics.base import JoinToTimespine, MetricBase
from kpi_pipeline.metrics.stock import Active, NonAdditiveDimension
from kpi_pipeline.names import Condition, Expression, Name


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
    has no value. A distinct count over a longer period counts again; it never adds shorter ones. A stock, such as goods
    in a warehouse, names the time it must not be added up along (`non_additive_dimension`); of things that last, such
    as tickets, those count that are `active`. A stock has no value, not 0, where it has no rows.
    """

    type: Literal["simple"] = Field(description="the kind of metric")
    model: Name = Field(description="the model whose rows it is computed from")
    agg: Agg = Field(description="how the values of many rows become one")
    expr: Expression = Field(
        default="1", description="a column or an expression of the model's columns; not an aggregate"
    )
    filter: Condition | None = Field(default=None, description="only rows for which this is true")
    agg_time_dimension: Name | None = Field(default=None, description="another time column than the model's own")
    non_additive_dimension: NonAdditiveDimension | None = Field(
        default=None, description="for rows that say how things stood at a moment: which moment of a period counts"
    )
    active: Active | None = Field(
        default=None, description="for rows that last: from when to when; counted are those active at a period's end"
    )
    percentile: float | None = Field(default=None, ge=0, le=1, description="the share of values below, such as 0.9")
    percentile_type: Literal["continuous", "discrete"] = Field(
        default="continuous", description="between two values, or always one that occurs"
    )
    approximate: bool = Field(
        default=False,
        description="count_distinct, median, percentile: whether a cluster may estimate it by sketches, which is "
        "faster; in the warehouse it is exact in any case",
    )
    join_to_timespine: JoinToTimespine = False

    @property
    def is_stock(self) -> bool:
        """Whether it says how much there is at a moment, not what happened."""
        return bool(self.non_additive_dimension or self.active)

    @model_validator(mode="after")
    def _percentile_fits(self) -> Self:
        if self.agg is Agg.percentile and self.percentile is None:
            raise ValueError("'agg: percentile' needs 'percentile'; add the share of values below, percentile: 0.9")
        if self.agg is not Agg.percentile and self.percentile is not None:
            raise ValueError(f"'percentile' goes with 'agg: percentile', not with '{self.agg}'; change one of the two")
        if self.agg is not Agg.count and "expr" not in self.model_fields_set:
            raise ValueError(f"'agg: {self.agg}' needs 'expr': what to aggregate")
        return self

    @model_validator(mode="after")
    def _can_be_estimated(self) -> Self:
        if self.approximate and (self.is_stock or self.agg not in (Agg.count_distinct, Agg.median, Agg.percentile)):
            raise ValueError(
                "'approximate' is for count_distinct, median and percentile of what happened; everything else is exact "
                "at no cost; leave it out"
            )
        return self

    @model_validator(mode="after")
    def _stock_fits(self) -> Self:
        if self.non_additive_dimension and self.active:
            raise ValueError("'non_additive_dimension' and 'active' exclude each other; keep one")
        if self.active and self.agg_time_dimension:
            raise ValueError("with 'active' its 'from' says when a row counts; leave out 'agg_time_dimension'")
        for key, aggs in _stock_aggs(self):
            if self.agg not in aggs:
                raise ValueError(f"'{key}' goes with 'agg: {' | '.join(aggs)}', not with '{self.agg}'")
        return self


_ADDED = (Agg.sum, Agg.count, Agg.sum_boolean)
_AT_A_MOMENT = (*_ADDED, Agg.count_distinct, Agg.average, Agg.min, Agg.max)


def _stock_aggs(metric: Simple) -> Iterator[tuple[str, tuple[Agg, ...]]]:
    """Each key that makes a metric a stock, with the ways to aggregate that it goes with."""
    if stock := metric.non_additive_dimension:
        of_one_moment = stock.window_agg in ("max", "min")
        yield f"window_agg: {stock.window_agg}", _AT_A_MOMENT if of_one_moment else _ADDED
        if stock.carry_forward:
            yield "carry_forward", (*_ADDED, Agg.average)
    if active := metric.active:
        of_one_day = active.at not in ("highest", "lowest")
        yield f"active.at: {active.at}", (*_ADDED, Agg.count_distinct, *((Agg.average,) if of_one_day else ()))
