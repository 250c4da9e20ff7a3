"""FO: an objective that nobody can grade when its quarter is over."""

from __future__ import annotations

from collections.abc import Iterator

from kpi_pipeline.goals import Framework, Goal
from kpi_pipeline.load.rules.base import Example, Remark, Rule
from kpi_pipeline.project import Project


def _look(project: Project) -> Iterator[Remark]:
    """How many key results it has is asked by the rule N."""
    for goal in project.goals.values():
        if goal.framework is Framework.okr:
            yield from _objective(project, goal)


def _objective(project: Project, goal: Goal) -> Iterator[Remark]:
    if goal.ambition is None:
        yield Remark(
            "goals",
            goal,
            f"Objective '{goal.name}' has no ambition.",
            "say how hard it is to reach, from 1 (safe) to 10 (a stretch), so that a grade of 0.7 can be read: "
            "ambition: 7",
        )
    if goal.period is None:
        yield Remark(
            "goals",
            goal,
            f"Objective '{goal.name}' has no end, so it is never graded for good.",
            "say in which quarter it is to be reached: period: {from: 2010-10-01, to: 2010-12-31}",
        )
    aimless = [kpi.name for kpi in project.kpis_of(goal.name) if kpi.target is None]
    if aimless:
        yield Remark(
            "goals",
            goal,
            f"Objective '{goal.name}' has key results without a target: {', '.join(aimless)}.",
            "a key result is a number to reach; most plainly from a baseline: target: {type: increase_to, ...}",
        )


THREE_KEY_RESULTS = (
    "kpis:\n"
    "  - {name: orders_a_month, metric: orders, goal: autumn}\n"
    "  - {name: buyers_a_month, metric: orders, goal: autumn}\n"
    "  - {name: returns_a_month, metric: orders, goal: autumn}"
)

GRADED = Example(
    "goals:\n"
    "  - {name: autumn, statement: Autumn brings 900 orders, framework: okr, owner: ann, agreed_by: [sales],\n"
    "     ambition: 7, period: {from: 2010-10-01, to: 2010-12-31}}\n" + THREE_KEY_RESULTS
)

OBJECTIVES = Rule(
    "FO",
    "warning",
    "an objective that cannot be graded",
    _look,
    reason="An objective is graded from 0 to 1 when its time is over. Without an end there is no such day, without a "
    "target no grade, and without its ambition nobody knows whether 0.7 is a triumph or a disappointment.",
    bad=Example(
        "goals:\n"
        "  - {name: autumn, statement: Autumn brings 900 orders, framework: okr, owner: ann, agreed_by: [sales]}\n"
        + THREE_KEY_RESULTS
    ),
    good=GRADED,
)
