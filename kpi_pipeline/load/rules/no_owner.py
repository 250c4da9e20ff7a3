"""O: what belongs to nobody is acted on by nobody."""

from __future__ import annotations

from collections.abc import Iterator

from kpi_pipeline.load.rules.base import Remark, Rule
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


NO_OWNER = Rule("O", "warning", "no owner or team", _look)
