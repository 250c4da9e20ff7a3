"""Partial results to metric values: one lazy Polars graph for all metrics, collected once."""

from kpi_pipeline.derive.derive import Partials, derive

__all__ = ["Partials", "derive"]
