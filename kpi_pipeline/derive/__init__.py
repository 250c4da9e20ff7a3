"""Partial results to metric values: everything that metrics are made of once, then their formulas."""

from kpi_pipeline.derive.derive import Partials, derive
from kpi_pipeline.derive.known_then import KNOWN, known_then
from kpi_pipeline.derive.seen import Elsewhere
from kpi_pipeline.derive.segments import Segments

__all__ = ["KNOWN", "Elsewhere", "Partials", "Segments", "derive", "known_then"]
