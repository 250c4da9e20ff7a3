"""Leading or lagging, by viewpoint: what a KPI tells a team depends on what the team answers for.

For a team, its outcomes are the KPIs of its goals; for the company, those of the goals at the root of the tree. A KPI
from which links lead to an outcome of the viewpoint is leading; an outcome from which none do is lagging. Where the
data says that both ends of every link move in the same period, it is coincident.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from kpi_pipeline.judge.verdicts import Verdicts
from kpi_pipeline.kpis import Classified, Indicator
from kpi_pipeline.links import Link
from kpi_pipeline.project import Project
from kpi_pipeline.teams import COMPANY
from kpi_pipeline.verdict import Verdict

NOTHING_TESTED: Verdicts = {}
SPEAKS_AGAINST: Mapping[str, str] = {
    Verdict.NOT_SUPPORTED: "the data does not support it",
    Verdict.REVERSED: "the data says it is the other way round",
    Verdict.FEEDBACK: "in the data each comes before the other",
}


def classify(project: Project, verdicts: Verdicts = NOTHING_TESTED) -> tuple[Classified, ...]:
    """Every KPI from every viewpoint: the company and each team. `verdicts`: what the data says of links."""
    onwards = _onwards(project)
    return tuple(
        _classified(project, kpi, viewpoint, onwards, verdicts)
        for viewpoint in (COMPANY, *project.teams)
        for kpi in project.kpis
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


def _classified(
    project: Project, name: str, viewpoint: str, onwards: Mapping[str, tuple[Link, ...]], verdicts: Verdicts
) -> Classified:
    kpi = project.kpis[name]
    outcomes = _outcomes(project, viewpoint)
    whose = "the company" if viewpoint == COMPANY else project.teams[viewpoint].title
    steps = _nearest(name, outcomes - {name}, onwards)
    if kpi.indicator:
        return Classified(name, viewpoint, kpi.indicator, None, None, "declared in the definition")
    if steps:
        outcome = steps[-1].to
        path = " -> ".join([name, *(f"{link.to} ({_step(link, verdicts)})" for link in steps)])
        same = all(link.lag is None or _verdict(link, verdicts) == Verdict.COINCIDENT for link in steps)
        indicator = Indicator.coincident if same else Indicator.leading
        led = f"{project.kpis[outcome].title}, an outcome of {whose}"
        return Classified(name, viewpoint, indicator, outcome, path, _reason(project, steps, verdicts, led, same=same))
    if name in outcomes:
        return Classified(name, viewpoint, Indicator.lagging, name, None, f"an outcome {whose} answers for")
    reason = f"no outcome of {whose}, and no link leads from it to one"
    return Classified(name, viewpoint, Indicator.unclassified, None, None, reason)


def _verdict(link: Link, verdicts: Verdicts) -> str | None:
    return verdicts.get((link.from_, link.to))


def _step(link: Link, verdicts: Verdicts) -> str:
    """How long the step takes as claimed, and what the data says of it."""
    verdict = _verdict(link, verdicts)
    return f"{link.lag or 'same period'}{', ' + verdict.replace('_', ' ') if verdict else ''}"


def _reason(project: Project, steps: tuple[Link, ...], verdicts: Verdicts, led: str, *, same: bool) -> str:
    """Why, in words: what is claimed, and where the data speaks against it or for it."""
    if same and all(link.lag is None for link in steps):
        return ", ".join([f"moves with {led}, in the same period", *_doubt(project, steps, verdicts)])
    if same:
        return f"claimed to lead {led}, but in the data they move in the same period"
    if all(_verdict(link, verdicts) == Verdict.CONFIRMED for link in steps):
        return f"leads {led}, and the data confirms it: {steps[0].because}"
    return "; ".join([f"claimed to lead {led}: {steps[0].because.rstrip('.')}", *_doubt(project, steps, verdicts)])


def _doubt(project: Project, steps: tuple[Link, ...], verdicts: Verdicts) -> list[str]:
    """The first step that the data speaks against, named where there are several."""
    for link in steps:
        against = SPEAKS_AGAINST.get(_verdict(link, verdicts) or "")
        if against and len(steps) == 1:
            return [f"but {against}"]
        if against:
            ends = f"{project.kpis[link.from_].title} -> {project.kpis[link.to].title}"
            return [f"but of {ends} {against}"]
    return []


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
