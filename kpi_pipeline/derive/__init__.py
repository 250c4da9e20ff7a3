"""Partial results to metric values: everything that metrics are made of once, then their formulas."""

from kpi_pipeline.derive.derive import Partials, derive

__all__ = ["Partials", "derive"]
