"""Conversion: events of one kind that follow events of another, by the same customer, case or visitor."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from kpi_pipeline.metrics.base import InputMetric, MetricBase
from kpi_pipeline.names import Name, Noun
from kpi_pipeline.periods import WindowText


class ConstantProperty(Noun):
    """A dimension that must be the same in both events, such as the product looked at and the product bought."""

    base_property: Name = Field(description="the dimension, entity or column of the base metric's model")
    conversion_property: Name = Field(description="the one of the conversion metric's model that must be equal to it")


class Conversion(MetricBase):
    """How often what `base_metric` counts leads to what `conversion_metric` counts, for the same entity.

    Every conversion event belongs to the latest base event of its entity at or before it and less than `window` before
    it; where there is none it does not count, and none counts twice. It counts in the period and the segment of its
    base event, so a rate never looks at people who came later. Periods that end less than a window ago are not
    complete: their events still have time to convert.
    """

    type: Literal["conversion"] = Field(description="the kind of metric")
    entity: Name = Field(description="whose events belong together; an entity of both models, such as customer")
    base_metric: InputMetric = Field(description="what it begins with: a metric that counts or adds up rows")
    conversion_metric: InputMetric = Field(description="what it leads to: a metric that counts or adds up rows")
    window: WindowText | None = Field(
        default=None, description="within which time, such as 7 days; without it a conversion may come at any time"
    )
    calculation: Literal["conversion_rate", "conversions"] = Field(
        default="conversion_rate", description="conversions by base metric, or the conversions themselves"
    )
    constant_properties: tuple[ConstantProperty, ...] = Field(
        default=(), description="what must be the same in the base and the conversion event"
    )

    @model_validator(mode="after")
    def _at_its_own_time(self) -> Self:
        for key, used in (("base_metric", self.base_metric), ("conversion_metric", self.conversion_metric)):
            moved = set(type(used).model_fields) - {"name", "alias", "filter"}
            if any(getattr(used, name) is not None for name in moved):
                raise ValueError(f"'{key}' cannot be moved in time; say with 'window' how far apart the events may lie")
        return self

    @property
    def inputs(self) -> tuple[InputMetric, ...]:
        return (self.base_metric, self.conversion_metric)
