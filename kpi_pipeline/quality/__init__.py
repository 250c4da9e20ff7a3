"""Checks on the data, made by Great Expectations; importing this room does not import it."""

from __future__ import annotations

from kpi_pipeline.quality.expectations import expectation_problem
from kpi_pipeline.quality.frames import check_frames
from kpi_pipeline.quality.kpi_checks import filter_problem, kpi_check_targets
from kpi_pipeline.quality.kpi_tables import kpi_table
from kpi_pipeline.quality.tables import check_tables
from kpi_pipeline.quality.targets import CheckTarget, FrameTarget

__all__ = [
    "CheckTarget",
    "FrameTarget",
    "check_frames",
    "check_tables",
    "expectation_problem",
    "filter_problem",
    "kpi_check_targets",
    "kpi_table",
]
