"""T: a KPI without a target or a benchmark is a number nobody can judge."""

from __future__ import annotations

from collections.abc import Iterator

from kpi_pipeline.load.rules.base import Example, Remark, Rule
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


NO_TARGET = Rule(
    "T",
    "warning",
    "no target and no benchmark",
    _look,
    reason="Without something to compare with, every value can be explained away, and nobody can say when to act. "
    "A benchmark from outside is enough until there is a target.",
    bad=Example("kpis:\n  - {name: orders_a_month, metric: orders, target: }"),
    good=Example(
        "kpis:\n"
        "  - name: orders_a_month\n"
        "    metric: orders\n"
        "    target: {type: at_least, values: [{from: 2010-01, value: 600}], provenance: budget 2010}"
    ),
)
