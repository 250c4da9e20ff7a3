"""L: a goal whose numbers all come when it is too late to act."""

from __future__ import annotations

from collections.abc import Iterator

from kpi_pipeline.kpis import Indicator, Kpi
from kpi_pipeline.load.rules.base import Example, Remark, Rule
from kpi_pipeline.periods import Grain
from kpi_pipeline.project import Project


def _look(project: Project) -> Iterator[Remark]:
    for goal in project.goals.values():
        kpis = project.kpis_of(goal.name)
        if kpis and not any(_shows_early(kpi, project) for kpi in kpis):
            grains = sorted({kpi.grain for kpi in kpis}, key=lambda grain: grain.rank)
            yield Remark(
                "goals",
                goal,
                f"Goal '{goal.name}' has only lagging KPIs by {' and '.join(grains)}.",
                "add a KPI by week or month, or link one that leads them",
            )


def _shows_early(kpi: Kpi, project: Project) -> bool:
    """Whether it comes more often than each quarter, leads something, or is led by something that is watched."""
    return (
        kpi.grain.rank < Grain.quarter.rank
        or kpi.indicator in (Indicator.leading, Indicator.coincident)
        or any(kpi.name in (link.from_, link.to) for link in project.links)
    )


ONLY_SLOW_AND_LAGGING = Rule(
    "L",
    "warning",
    "only lagging KPIs of a quarter or longer",
    _look,
    reason="A number that comes once a quarter and says how the quarter was leaves three chances a year to correct the "
    "course. Something that leads it tells earlier.",
    bad=Example(
        "goals:\n  - {name: loyal, statement: Four buyers in five buy again}\n"
        "kpis:\n  - {name: buyers_a_year, metric: orders, goal: loyal, grain: year}"
    ),
    good=Example(
        "goals:\n  - {name: loyal, statement: Four buyers in five buy again}\n"
        "kpis:\n"
        "  - {name: buyers_a_year, metric: orders, goal: loyal, grain: year}\n"
        "  - {name: orders_a_month, metric: orders, goal: loyal, grain: month}"
    ),
)
