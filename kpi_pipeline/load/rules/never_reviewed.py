"""R: a KPI that nobody looks at changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

from kpi_pipeline.load.rules.base import Remark, Rule
from kpi_pipeline.project import Project


def _look(project: Project) -> Iterator[Remark]:
    for kpi in project.kpis.values():
        if kpi.review is None:
            message, hint = "has no review", "say how often people look at it: review: {every: month}"
        elif kpi.review.last is None:
            message, hint = "was never reviewed", "look at it together, then write the day: review: {last: ...}"
        else:
            continue
        yield Remark("kpis", kpi, f"KPI '{kpi.name}' {message}.", hint, "review")


NEVER_REVIEWED = Rule("R", "warning", "never reviewed", _look)
