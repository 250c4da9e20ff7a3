"""The use cases: run the whole way, ask a question, explain a number. Here the rooms meet."""

from kpi_pipeline.pipeline.ask import grain_asked, query
from kpi_pipeline.pipeline.explain import explain
from kpi_pipeline.pipeline.load_tables import load_tables
from kpi_pipeline.pipeline.report import AssetReport, RunReport
from kpi_pipeline.pipeline.run import run
from kpi_pipeline.pipeline.watch import Quiet, Watch

__all__ = ["AssetReport", "Quiet", "RunReport", "Watch", "explain", "grain_asked", "load_tables", "query", "run"]
