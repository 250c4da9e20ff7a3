"""The scorecard: one page for people who own KPIs, made from the published tables."""

from kpi_pipeline.publish.scorecard.assemble import page_of
from kpi_pipeline.publish.scorecard.render import render
from kpi_pipeline.publish.scorecard.write import write_scorecard

__all__ = ["page_of", "render", "write_scorecard"]
