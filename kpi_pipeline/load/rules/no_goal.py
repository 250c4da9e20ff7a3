"""G: a KPI that serves no goal is a metric."""

from __future__ import annotations

from collections.abc import Iterator

from kpi_pipeline.load.rules.base import Example, Remark, Rule
from kpi_pipeline.project import Project


def _look(project: Project) -> Iterator[Remark]:
    for kpi in project.kpis.values():
        if not kpi.serves:
            yield Remark(
                "kpis",
                kpi,
                f"KPI '{kpi.name}' serves no goal.",
                "name the goal it shows progress towards, or leave it a metric",
            )


NO_GOAL = Rule(
    "G",
    "warning",
    "no goal",
    _look,
    reason="A number that serves no goal leads to no decision: it is watched because it can be, and it takes the place "
    "of one that matters.",
    bad=Example("kpis:\n  - {name: page_views, metric: orders, goal: }"),
    good=Example("kpis:\n  - {name: orders_a_month, metric: orders, goal: grow}"),
)
