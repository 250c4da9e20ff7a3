"""Where a period in progress will end: ways to tell, tried on the past, and how far off they were."""

from kpi_pipeline.projection.nouns import Board, Clock, Part, Projected
from kpi_pipeline.projection.project import project
from kpi_pipeline.projection.working_days import DayCounts, Elapsed, elapsed

__all__ = ["Board", "Clock", "DayCounts", "Elapsed", "Part", "Projected", "elapsed", "project"]
