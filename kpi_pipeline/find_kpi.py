"""The KPI that somebody asks for by name."""

from __future__ import annotations

from kpi_pipeline.errors import QueryError, did_you_mean
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.project import Project


def find_kpi(project: Project, name: str, *, of_metrics: str) -> Kpi:
    """The KPI of that name.

    Args:
        project: the definitions.
        name: what was asked for.
        of_metrics: what to say where it names a metric, such as "name a KPI that watches it".

    Raises:
        QueryError: there is none; the hint says what it is called now, or what else may be meant.
    """
    if name in project.kpis:
        return project.kpis[name]
    now = next((kpi.name for kpi in project.kpis.values() if name in kpi.formerly), None)
    if now:
        hint = f"it is called '{now}' now"
    elif name in project.metrics:
        hint = f"'{name}' is a metric; {of_metrics}"
    else:
        hint = did_you_mean(name, project.kpis) or "`kpi list` shows them"
    raise QueryError(f"There is no KPI named '{name}'.\nHint: {hint}")
