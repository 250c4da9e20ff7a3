"""P: a goal that rests on one proxy alone."""

from __future__ import annotations

from collections.abc import Iterator

from kpi_pipeline.load.rules.base import Example, Remark, Rule
from kpi_pipeline.project import Project


def _look(project: Project) -> Iterator[Remark]:
    above = {goal.parent for goal in project.goals.values()}
    for goal in project.goals.values():
        kpis = project.kpis_of(goal.name)
        if goal.name in above or len(kpis) != 1:
            continue
        (kpi,) = kpis
        if kpi.measures != "direct":
            yield Remark(
                "goals",
                goal,
                f"Goal '{goal.name}' rests on '{kpi.name}' alone, which is a {kpi.measures}.",
                "add a KPI that measures the goal itself, or a second proxy that can contradict the first",
            )


LONE_PROXY = Rule(
    "P",
    "warning",
    "a goal on one proxy alone",
    _look,
    reason="A proxy moves without the thing it stands for, sooner if people are judged by it. Alone, nothing shows "
    "that the two have parted.",
    bad=Example(
        "goals:\n  - {name: loyal, statement: Four buyers in five would recommend us}\n"
        "kpis:\n  - {name: orders_a_month, metric: orders, goal: loyal, measures: proxy of loyalty}"
    ),
    good=Example(
        "goals:\n  - {name: loyal, statement: Four buyers in five would recommend us}\n"
        "kpis:\n"
        "  - {name: orders_a_month, metric: orders, goal: loyal, measures: proxy of loyalty}\n"
        "  - {name: sales_a_month, metric: net_sales, goal: loyal}"
    ),
)
