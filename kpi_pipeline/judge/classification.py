"""Leading or lagging, by viewpoint: what a KPI tells a team depends on what the team answers for.

For a team, its outcomes are the KPIs of its goals; for the company, those of the goals at the root of the tree. A KPI
from which links lead to an outcome of the viewpoint is leading; an outcome from which none do is lagging.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from kpi_pipeline.kpis import Classified, Indicator
from kpi_pipeline.links import Link
from kpi_pipeline.project import Project
from kpi_pipeline.teams import COMPANY


def classify(project: Project) -> tuple[Classified, ...]:
    """Every KPI from every viewpoint: the company and each team."""
    onwards = _onwards(project)
    return tuple(
        _classified(project, kpi, viewpoint, onwards) for viewpoint in (COMPANY, *project.teams) for kpi in project.kpis
    )


def headline(project: Project, classified: tuple[Classified, ...]) -> dict[str, str]:
    """One word a KPI: what it is to the company or, where that says nothing, to its own team."""
    found = {(one.kpi, one.viewpoint): one.indicator for one in classified}
    words: dict[str, str] = {}
    for name, kpi in project.kpis.items():
        seen = [found[name, viewpoint] for viewpoint in (COMPANY, kpi.team) if viewpoint and (name, viewpoint) in found]
        words[name] = next(
            (one.value for one in seen if one is not Indicator.unclassified), Indicator.unclassified.value
        )
    return words


def _outcomes(project: Project, viewpoint: str) -> frozenset[str]:
    if viewpoint == COMPANY:
        goals = {goal.name for goal in project.goals.values() if goal.parent is None}
    else:
        goals = {goal.name for goal in project.goals.values() if goal.team == viewpoint}
    return frozenset(kpi.name for kpi in project.kpis.values() if any(share.goal in goals for share in kpi.serves))


def _onwards(project: Project) -> Mapping[str, tuple[Link, ...]]:
    return {kpi: tuple(link for link in project.links if link.from_ == kpi) for kpi in project.kpis}


def _classified(project: Project, name: str, viewpoint: str, onwards: Mapping[str, tuple[Link, ...]]) -> Classified:
    kpi = project.kpis[name]
    outcomes = _outcomes(project, viewpoint)
    whose = "the company" if viewpoint == COMPANY else project.teams[viewpoint].title
    steps = _nearest(name, outcomes - {name}, onwards)
    if kpi.indicator:
        return Classified(name, viewpoint, kpi.indicator, None, None, "declared in the definition")
    if steps:
        outcome = steps[-1].to
        path = " -> ".join([name, *(f"{link.to} ({link.lag or 'same period'})" for link in steps)])
        if all(link.lag is None for link in steps):
            reason = f"moves with {project.kpis[outcome].title}, an outcome of {whose}, in the same period"
            return Classified(name, viewpoint, Indicator.coincident, outcome, path, reason)
        reason = f"claimed to lead {project.kpis[outcome].title}, an outcome of {whose}: {steps[0].because}"
        return Classified(name, viewpoint, Indicator.leading, outcome, path, reason)
    if name in outcomes:
        return Classified(name, viewpoint, Indicator.lagging, name, None, f"an outcome {whose} answers for")
    reason = f"no outcome of {whose}, and no link leads from it to one"
    return Classified(name, viewpoint, Indicator.unclassified, None, None, reason)


def _nearest(start: str, outcomes: frozenset[str], onwards: Mapping[str, tuple[Link, ...]]) -> tuple[Link, ...]:
    """The links to the outcome that is fewest steps away; none where no path leads to one."""
    waiting: deque[tuple[str, tuple[Link, ...]]] = deque([(start, ())])
    seen = {start}
    while waiting:
        here, sofar = waiting.popleft()
        for link in onwards.get(here, ()):
            if link.to in outcomes:
                return (*sofar, link)
            if link.to not in seen:
                seen.add(link.to)
                waiting.append((link.to, (*sofar, link)))
    return ()
