"""B: a goal that nobody but its owner agreed to."""

from __future__ import annotations

from collections.abc import Iterator

from kpi_pipeline.load.rules.base import Example, Remark, Rule
from kpi_pipeline.project import Project


def _look(project: Project) -> Iterator[Remark]:
    for goal in project.goals.values():
        if not set(goal.agreed_by) - {goal.owner}:
            who = f"its owner '{goal.owner}' only" if goal.agreed_by else "nobody"
            yield Remark(
                "goals",
                goal,
                f"Goal '{goal.name}' is agreed by {who}.",
                "talk to the teams it touches, then name them or their people: agreed_by: [...]",
                "agreed_by",
            )


AGREED_BY_NOBODY = Rule(
    "B",
    "warning",
    "agreed by nobody but its owner",
    _look,
    reason="A goal set by one side is somebody else's goal. The teams it touches find out when their numbers suffer, "
    "and work against it or around it.",
    bad=Example(
        "goals:\n  - {name: quick, statement: An order leaves within a day, owner: ann, agreed_by: [ann]}\n"
        "kpis:\n  - {name: orders_in_time, metric: orders, goal: quick}"
    ),
    good=Example(
        "goals:\n  - {name: quick, statement: An order leaves within a day, owner: ann, agreed_by: [ann, sales]}\n"
        "kpis:\n  - {name: orders_in_time, metric: orders, goal: quick}"
    ),
)
