"""Partial results to metric values: everything that metrics are made of once, then their formulas."""

from kpi_pipeline.derive.derive import Partials, derive
from kpi_pipeline.derive.known_then import KNOWN, known_then

__all__ = ["KNOWN", "Partials", "derive", "known_then"]
