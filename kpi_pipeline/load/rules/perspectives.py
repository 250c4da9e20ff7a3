"""FB: a scorecard that is not balanced."""

from __future__ import annotations

from collections.abc import Iterator

from kpi_pipeline.goals import Framework, Perspective
from kpi_pipeline.load.rules.base import Example, Remark, Rule
from kpi_pipeline.project import Project


def _look(project: Project) -> Iterator[Remark]:
    goals = [goal for goal in project.goals.values() if goal.framework is Framework.balanced_scorecard]
    for goal in goals:
        if goal.perspective is None:
            yield Remark(
                "goals",
                goal,
                f"Goal '{goal.name}' is on the balanced scorecard, but on no side of it.",
                f"name one: perspective: {', '.join(Perspective)}",
            )
    lacking = [side.value for side in Perspective if all(goal.perspective is not side for goal in goals)]
    if goals and lacking:
        yield Remark(
            "goals",
            goals[0],
            f"The balanced scorecard has no goal for {', '.join(lacking)}.",
            "give each of the four perspectives a goal, or take another framework",
        )


def _goals(*sides: str) -> str:
    return "goals:\n" + "".join(
        f"  - {{name: of_{side}, statement: Two orders a day, framework: balanced_scorecard, perspective: {side},\n"
        f"     owner: ann, agreed_by: [sales]}}\n"
        for side in sides
    )


def _kpis(*sides: str) -> str:
    return "kpis:\n" + "\n".join(f"  - {{name: orders_of_{side}, metric: orders, goal: of_{side}}}" for side in sides)


_SIDES = tuple(side.value for side in Perspective)

PERSPECTIVES = Rule(
    "FB",
    "warning",
    "a balanced scorecard that lacks a perspective",
    _look,
    reason="Money is what comes out at the end: customers bring it, processes serve the customers, people carry the "
    "processes. A scorecard that leaves one of them out looks fine until what was left out is missing.",
    bad=Example(_goals(*_SIDES[:3]) + _kpis(*_SIDES[:3])),
    good=Example(_goals(*_SIDES) + _kpis(*_SIDES)),
)
