"""`kpi explain METRIC...`: the plan from source to number."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kpi_pipeline.cli.project import open_project
from kpi_pipeline.cli.shown import Notes, console


def explain_question(
    asked: Path, names: Sequence[str], *, by: Sequence[str] = (), grain: str | None = None, where: str | None = None
) -> None:
    """Prints the plan from source to number; a KPI's name stands for its metric."""
    loaded = open_project(asked)
    kpis = loaded.project.kpis
    metrics = [kpis[name].metric if name in kpis else name for name in names]
    plan = loaded.explain(*metrics, by=by, grain=grain, where=where, watch=Notes())
    console().print(plan, markup=False, soft_wrap=True)
