"""O: what belongs to nobody is acted on by nobody."""

from __future__ import annotations

from collections.abc import Iterator

from kpi_pipeline.load.rules.base import Example, Remark, Rule
from kpi_pipeline.project import Project


def _look(project: Project) -> Iterator[Remark]:
    for kpi in project.kpis.values():
        lacking = [word for word, name in (("owner", kpi.owner), ("team", kpi.team)) if not name]
        if lacking:
            yield Remark(
                "kpis",
                kpi,
                f"KPI '{kpi.name}' has no {' and no '.join(lacking)}.",
                "name one person who answers for it, and the team that can move it",
            )
    for goal in project.goals.values():
        if not goal.owner:
            yield Remark(
                "goals", goal, f"Goal '{goal.name}' has no owner.", "name one person who answers for reaching it"
            )


NO_OWNER = Rule(
    "O",
    "warning",
    "no owner or team",
    _look,
    reason="What belongs to everybody belongs to nobody: when the number turns bad, each waits for the others. One "
    "person answers for it; the team is the one that can move it.",
    bad=Example("kpis:\n  - {name: orders_a_month, metric: orders, owner: , team: sales}"),
    good=Example("kpis:\n  - {name: orders_a_month, metric: orders, owner: ann, team: sales}"),
)
