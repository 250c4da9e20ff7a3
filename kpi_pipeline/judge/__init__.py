"""Values against targets: attainment, status, and what a KPI tells whom."""

from kpi_pipeline.judge.classification import Classified, classify, headline
from kpi_pipeline.judge.judge import judge
from kpi_pipeline.judge.targets import inline_targets, table_targets

__all__ = ["Classified", "classify", "headline", "inline_targets", "judge", "table_targets"]
