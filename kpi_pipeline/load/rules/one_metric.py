"""FM: the one metric that matters is more than one, or never ends."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from kpi_pipeline.goals import Framework, Goal
from kpi_pipeline.load.rules.base import Example, Remark, Rule
from kpi_pipeline.project import Project


def _look(project: Project) -> Iterator[Remark]:
    focused = [goal for goal in project.goals.values() if goal.framework is Framework.omtm]
    for goal in focused:
        yield from _focus(project, goal)
    for one, other in combinations(focused, 2):
        if one.team == other.team and _meet(one, other):
            whose = f"team '{one.team}'" if one.team else "the company"
            yield Remark(
                "goals",
                other,
                f"Goal '{other.name}' is the one metric of {whose} at the same time as '{one.name}'.",
                "one at a time: let one end before the other begins",
                "period",
            )


def _focus(project: Project, goal: Goal) -> Iterator[Remark]:
    kpis = [kpi.name for kpi in project.kpis_of(goal.name)]
    if len(kpis) != 1:
        yield Remark(
            "goals",
            goal,
            f"Goal '{goal.name}' is about one metric, and has {len(kpis)} KPIs{': ' if kpis else ''}{', '.join(kpis)}.",
            "keep the one that matters now; the others have their turn later",
        )
    if goal.team is None:
        yield Remark("goals", goal, f"Goal '{goal.name}' names no team whose focus it is.", "name one: team: ...")
    if goal.period is None:
        yield Remark(
            "goals",
            goal,
            f"Goal '{goal.name}' has no end.",
            "say for how long it matters: period: {from: 2010-10-01, to: 2010-12-31}; then look what matters next",
        )


def _meet(one: Goal, other: Goal) -> bool:
    """Whether there is a day that both hold on; one without an end holds for ever."""
    if one.period is None or other.period is None:
        return True
    return one.period.from_ <= other.period.to and other.period.from_ <= one.period.to


ONE_METRIC = Rule(
    "FM",
    "warning",
    "a focus that is not on one metric, or has no end",
    _look,
    reason="A team that looks at one number for a while finds out what moves it. With two at a time each excuses the "
    "other, and a focus without an end becomes a habit nobody asks about.",
    bad=Example(
        "goals:\n"
        "  - {name: second_orders, statement: One new buyer in three orders twice, framework: omtm, team: sales,\n"
        "     owner: ann, agreed_by: [sales]}\n"
        "kpis:\n  - {name: second_orders_a_week, metric: orders, goal: second_orders}"
    ),
    good=Example(
        "goals:\n"
        "  - {name: second_orders, statement: One new buyer in three orders twice, framework: omtm, team: sales,\n"
        "     owner: ann, agreed_by: [sales], period: {from: 2010-10-01, to: 2010-12-31}}\n"
        "kpis:\n  - {name: second_orders_a_week, metric: orders, goal: second_orders}"
    ),
)
