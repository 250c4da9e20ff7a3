"""Each framework as it stands: what it asks of its goals, worked out from KPI values and goal scores."""

from kpi_pipeline.judge.frameworks.agreements import agreements
from kpi_pipeline.judge.frameworks.focus import team_focus
from kpi_pipeline.judge.frameworks.key_results import graded, objectives, with_frozen
from kpi_pipeline.judge.frameworks.perspectives import balanced_scorecard, perspective_scores
from kpi_pipeline.judge.frameworks.strategy import strategy_links, strategy_nodes

__all__ = [
    "agreements",
    "balanced_scorecard",
    "graded",
    "objectives",
    "perspective_scores",
    "strategy_links",
    "strategy_nodes",
    "team_focus",
    "with_frozen",
]
