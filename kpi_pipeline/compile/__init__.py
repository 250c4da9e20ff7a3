"""Project to Plan: which passes over which models, and which formulas over their results."""

from kpi_pipeline.compile.plan_project import compile_passes, compile_project, compile_query
from kpi_pipeline.compile.selection import selected

__all__ = ["compile_passes", "compile_project", "compile_query", "selected"]
