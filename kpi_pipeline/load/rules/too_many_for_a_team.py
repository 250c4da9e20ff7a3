"""M: more KPIs than a team can look at in one meeting."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from kpi_pipeline.errors import listed
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.load.rules.base import Example, Remark, Rule
from kpi_pipeline.project import Project

MOST_FOR_A_TEAM = 7
CODE = "M"


def _look(project: Project) -> Iterator[Remark]:
    """A KPI excused from the rule is not counted."""
    answered: dict[str, list[Kpi]] = defaultdict(list)
    for kpi in project.kpis.values():
        if kpi.team and CODE not in kpi.ignore:
            answered[kpi.team].append(kpi)
    for team, kpis in answered.items():
        if len(kpis) > MOST_FOR_A_TEAM and team in project.teams:
            yield Remark(
                "teams",
                project.teams[team],
                f"Team '{team}' answers for {len(kpis)} KPIs: {listed([kpi.name for kpi in kpis])}.",
                f"keep at most {MOST_FOR_A_TEAM}; give the others to whoever can move them, or leave them metrics",
            )


TOO_MANY_FOR_A_TEAM = Rule(
    CODE,
    "warning",
    f"a team with more than {MOST_FOR_A_TEAM} KPIs",
    _look,
    reason="A team that follows eight numbers follows none: a review of all of them is a reading aloud. What is left "
    "out is still a metric, and can be looked up.",
    bad=Example(
        "teams: [{name: service}]\n"
        "goals: [{name: g1}, {name: g2}, {name: g3}, {name: g4}]\n"
        "kpis:\n"
        + "\n".join(
            f"  - {{name: k{number}, metric: orders, team: service, goal: g{number // 2 + 1}}}" for number in range(8)
        )
    ),
    good=Example(
        "teams: [{name: service}]\n"
        "goals: [{name: g1}, {name: g2}]\n"
        "kpis:\n"
        + "\n".join(
            f"  - {{name: k{number}, metric: orders, team: service, goal: g{number // 2 + 1}}}" for number in range(4)
        )
    ),
)
