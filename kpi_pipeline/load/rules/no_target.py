"""T: a KPI without a target or a benchmark is a number nobody can judge."""

from __future__ import annotations

from collections.abc import Iterator

from kpi_pipeline.load.rules.base import Remark, Rule
from kpi_pipeline.project import Project


def _look(project: Project) -> Iterator[Remark]:
    for kpi in project.kpis.values():
        if kpi.target is None and kpi.benchmark is None:
            yield Remark(
                "kpis",
                kpi,
                f"KPI '{kpi.name}' has neither a target nor a benchmark.",
                "agree on a target; until there is one, compare with a benchmark: {value: ..., source: ...}",
            )


NO_TARGET = Rule("T", "warning", "no target and no benchmark", _look)
