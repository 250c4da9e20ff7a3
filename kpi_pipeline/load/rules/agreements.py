"""FA: an agreement that lacks one of its two sides."""

from __future__ import annotations

from collections.abc import Iterator

from kpi_pipeline.goals import Framework, Goal
from kpi_pipeline.load.rules.base import Example, Remark, Rule
from kpi_pipeline.project import Project


def _look(project: Project) -> Iterator[Remark]:
    for goal in project.goals.values():
        if goal.framework is Framework.mbo and goal.owner:
            yield from _agreement(project, goal, goal.owner)


def _agreement(project: Project, goal: Goal, owner: str) -> Iterator[Remark]:
    """Whether it has an owner at all is asked by the rule O."""
    manager = project.people[owner].manager
    if manager is None:
        yield Remark(
            "goals",
            goal,
            f"Goal '{goal.name}' is to be agreed with the manager of '{owner}', but '{owner}' has none.",
            f"say to whom '{owner}' reports: manager: ... among the people; or take another framework",
        )
    lacking = [name for name in (owner, manager) if name and name not in goal.agreed_by]
    if lacking:
        sides = f"'{owner}' and the manager '{manager}'" if manager else f"'{owner}' and a manager"
        yield Remark(
            "goals",
            goal,
            f"Goal '{goal.name}' is an agreement of {sides}, but not agreed by {' and '.join(map(repr, lacking))}.",
            f"once they have agreed: agreed_by: [{', '.join(name for name in (owner, manager) if name)}]",
            "agreed_by",
        )
    if goal.agreed_on is None and not lacking and manager:
        yield Remark(
            "goals",
            goal,
            f"Goal '{goal.name}' does not say when it was agreed.",
            "write the day, from which the yearly review is counted: agreed_on: 2009-12-14",
        )


AGREEMENTS = Rule(
    "FA",
    "warning",
    "an agreement without both sides",
    _look,
    reason="Management by objectives lives from two people who agreed: the one who is to reach the goal, and the "
    "manager who clears the way and looks back on it every year. A goal handed down is an order; one set alone is a "
    "resolution for the new year.",
    bad=Example(
        "people:\n  - {name: bob, team: sales, manager: ann}\n"
        "goals:\n"
        "  - {name: fewer_returns, statement: At most 5 returns in 100 orders, framework: mbo, owner: bob,\n"
        "     agreed_by: [bob, sales], agreed_on: 2009-12-14}\n"
        "kpis:\n  - {name: returns_a_month, metric: orders, goal: fewer_returns}"
    ),
    good=Example(
        "people:\n  - {name: bob, team: sales, manager: ann}\n"
        "goals:\n"
        "  - {name: fewer_returns, statement: At most 5 returns in 100 orders, framework: mbo, owner: bob,\n"
        "     agreed_by: [bob, ann], agreed_on: 2009-12-14}\n"
        "kpis:\n  - {name: returns_a_month, metric: orders, goal: fewer_returns}"
    ),
)
