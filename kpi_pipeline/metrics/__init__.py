"""The kinds of metric, one file each: the fields a person writes and what they mean."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kpi_pipeline.metrics.conversion import ConstantProperty, Conversion
from kpi_pipeline.metrics.cumulative import Cumulative
from kpi_pipeline.metrics.derived import Derived
from kpi_pipeline.metrics.ratio import Ratio
from kpi_pipeline.metrics.retention import Age, Retention
from kpi_pipeline.metrics.simple import Agg, Simple

KINDS = (Simple, Ratio, Derived, Cumulative, Conversion, Retention)

Metric = Annotated[Simple | Ratio | Derived | Cumulative | Conversion | Retention, Field(discriminator="type")]

__all__ = [
    "KINDS",
    "Age",
    "Agg",
    "ConstantProperty",
    "Conversion",
    "Cumulative",
    "Derived",
    "Metric",
    "Ratio",
    "Retention",
    "Simple",
]
