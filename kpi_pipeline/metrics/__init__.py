"""The kinds of metric, one file each: the fields a person writes and what they mean."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kpi_pipeline.metrics.cumulative import Cumulative
from kpi_pipeline.metrics.derived import Derived
from kpi_pipeline.metrics.ratio import Ratio
from kpi_pipeline.metrics.simple import Agg, Simple

KINDS = (Simple, Ratio, Derived, Cumulative)

Metric = Annotated[Simple | Ratio | Derived | Cumulative, Field(discriminator="type")]

__all__ = ["KINDS", "Agg", "Cumulative", "Derived", "Metric", "Ratio", "Simple"]
