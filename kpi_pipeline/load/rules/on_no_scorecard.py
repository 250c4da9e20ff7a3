"""V: a KPI on no scorecard is seen by nobody."""

from __future__ import annotations

from collections.abc import Iterator

from kpi_pipeline.load.rules.base import Example, Remark, Rule
from kpi_pipeline.project import Project


def _look(project: Project) -> Iterator[Remark]:
    for kpi in project.kpis.values():
        if not kpi.scorecards:
            yield Remark(
                "kpis",
                kpi,
                f"KPI '{kpi.name}' is on no scorecard.",
                "name the scorecards it belongs on: scorecards: [company]",
            )


ON_NO_SCORECARD = Rule(
    "V",
    "warning",
    "on no scorecard",
    _look,
    reason="A KPI acts by being seen by the people who can move it. One that has to be looked up is soon forgotten.",
    bad=Example("kpis:\n  - {name: orders_a_month, metric: orders, scorecards: []}"),
    good=Example("kpis:\n  - {name: orders_a_month, metric: orders, scorecards: [company, sales]}"),
)
