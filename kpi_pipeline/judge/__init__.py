"""Values against targets: attainment, status, and what a KPI tells whom."""

from kpi_pipeline.judge.classification import classify, headline
from kpi_pipeline.judge.given import inline_targets, table_targets
from kpi_pipeline.judge.held import NOTHING_HELD
from kpi_pipeline.judge.judge import judge
from kpi_pipeline.judge.scores import goal_scores
from kpi_pipeline.judge.verdicts import verdicts_of

__all__ = [
    "NOTHING_HELD",
    "classify",
    "goal_scores",
    "headline",
    "inline_targets",
    "judge",
    "table_targets",
    "verdicts_of",
]
