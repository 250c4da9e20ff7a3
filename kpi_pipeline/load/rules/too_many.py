"""N: more KPIs for one goal than a team can follow; a framework may set its own number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from kpi_pipeline.goals import Framework, Goal
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.load.rules.base import Example, Remark, Rule
from kpi_pipeline.project import Project

MOST_FOR_A_TEAM_AND_GOAL = 2
KEY_RESULTS = range(3, 6)
CODE = "N"


def _look(project: Project) -> Iterator[Remark]:
    """A KPI excused from the rule is not counted."""
    for goal in project.goals.values():
        kpis = [kpi for kpi in project.kpis_of(goal.name) if CODE not in kpi.ignore]
        yield from _key_results(goal, kpis) if goal.framework is Framework.okr else _for_each_team(goal, kpis)


def _key_results(goal: Goal, kpis: list[Kpi]) -> Iterator[Remark]:
    if len(kpis) not in KEY_RESULTS:
        yield Remark(
            "goals",
            goal,
            f"Objective '{goal.name}' has {len(kpis)} key results{_named(kpis)}.",
            f"an objective has {KEY_RESULTS[0]} to {KEY_RESULTS[-1]}",
        )


def _for_each_team(goal: Goal, kpis: list[Kpi]) -> Iterator[Remark]:
    teams: dict[str, list[Kpi]] = defaultdict(list)
    for kpi in kpis:
        teams[kpi.team or goal.team or ""].append(kpi)
    for team, its_kpis in teams.items():
        if len(its_kpis) > MOST_FOR_A_TEAM_AND_GOAL:
            whose = f"Team '{team}'" if team else "No team"
            yield Remark(
                "goals",
                goal,
                f"{whose} has {len(its_kpis)} KPIs for goal '{goal.name}'{_named(its_kpis)}.",
                f"keep the {MOST_FOR_A_TEAM_AND_GOAL} that say most about the goal; the others stay metrics",
            )


def _named(kpis: list[Kpi]) -> str:
    return f": {', '.join(kpi.name for kpi in kpis)}" if kpis else ""


TOO_MANY = Rule(
    CODE,
    "warning",
    "more KPIs than a team can follow for one goal",
    _look,
    reason="Attention is what a team has least of. With five numbers for one goal there is always one that looks good, "
    "and the talk is about that one.",
    bad=Example(
        "kpis:\n"
        "  - {name: orders_a_month, metric: orders, goal: grow, team: sales}\n"
        "  - {name: buyers_a_month, metric: orders, goal: grow, team: sales}\n"
        "  - {name: baskets_a_month, metric: orders, goal: grow, team: sales}"
    ),
    good=Example(
        "kpis:\n"
        "  - {name: orders_a_month, metric: orders, goal: grow, team: sales}\n"
        "  - {name: buyers_a_month, metric: orders, goal: grow, team: sales}"
    ),
)
