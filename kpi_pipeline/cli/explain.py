"""`kpi explain METRIC`: the plan from source to number."""

from __future__ import annotations

from pathlib import Path

from kpi_pipeline.cli.project import open_project
from kpi_pipeline.cli.shown import Notes, console


def explain_metric(asked: Path, name: str) -> None:
    """Prints the plan from source to number; a KPI's name stands for its metric."""
    loaded = open_project(asked)
    metric = loaded.project.kpis[name].metric if name in loaded.project.kpis else name
    console().print(loaded.explain(metric, watch=Notes()), markup=False, soft_wrap=True)
