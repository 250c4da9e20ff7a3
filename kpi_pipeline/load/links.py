"""Links fit the KPIs they join: both have a grain that the lag is whole periods of, and what is asked beside it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from kpi_pipeline.calendar import fits
from kpi_pipeline.dimensions import UnknownDimension, find_dimension
from kpi_pipeline.errors import Place, Problem
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.links import Link
from kpi_pipeline.load.kinds import link_name
from kpi_pipeline.load.references import inputs_with_keys, metrics_below
from kpi_pipeline.load.sites import models_drawn_on
from kpi_pipeline.metrics import Metric, Retention
from kpi_pipeline.periods import Grain
from kpi_pipeline.plan.cohorts import add_up
from kpi_pipeline.project import Project


def link_misfits(project: Project, link: Link) -> Iterator[Problem]:
    """A problem for everything in a link that would keep it from being tested."""
    leader, follower = project.kpis.get(link.from_), project.kpis.get(link.to)
    if leader is None or follower is None:
        return
    yield from _controls(project, link)
    yield from _segments(project, link, (leader, follower))
    if tested := project.tested_at(link):
        for kpi in (leader, follower, *(project.kpis[name] for name in link.control)):
            yield from _no_values(project, link, kpi, tested[0])
    elif link.grain:
        yield Problem(
            f"{_called(link)} is tested by {link.grain}, but its lag of {link.lag} is not a whole number of "
            f"{link.grain}s.",
            _place(project, link, "grain"),
            f"write the lag in {link.grain}s, or name a grain that it is whole periods of",
        )
    elif without := project.tested_at(link.model_copy(update={"control": ()})):
        yield from _controls_at_other_grains(project, link, without[0])
    elif not project.shared_grains(leader, follower):
        yield Problem(
            f"{_called(link)} joins a KPI by {leader.grain} with one by {follower.grain}, and no grain is published "
            "for both.",
            _place(project, link, "lag"),
            "give both KPIs the same grain, or name a common one in project.publish.grains",
        )
    else:
        grains = sorted(project.shared_grains(leader, follower), key=lambda grain: grain.rank)
        yield Problem(
            f"{_called(link)} has the lag {link.lag}, which is not a whole number of periods at any grain that both "
            f"KPIs are published at ({', '.join(grains)}).",
            _place(project, link, "lag"),
            f"write the lag in {grains[0]}s, such as '4 {grains[0]}s'",
        )


def _controls(project: Project, link: Link) -> Iterator[Problem]:
    for number, name in enumerate(link.control):
        place = _place(project, link, "control", str(number))
        if name in (link.from_, link.to):
            yield Problem(
                f"{_called(link)} holds '{name}' constant, which is one of the two KPIs it joins: nothing would be "
                "left to test.",
                place,
                "name a third KPI that may move both",
            )
        elif name in link.control[:number]:
            yield Problem(f"{_called(link)} holds '{name}' constant twice.", place, "keep one")


def _controls_at_other_grains(project: Project, link: Link, grain: Grain) -> Iterator[Problem]:
    """The KPIs held constant that have no values where the two others are compared."""
    everywhere = project.settings.publish.grains
    for number, name in enumerate(link.control):
        kpi = project.kpis.get(name)
        if kpi and grain not in (*everywhere, kpi.grain):
            yield Problem(
                f"{_called(link)} is tested by {grain}, but '{name}', which it holds constant, is published by "
                f"{kpi.grain}.",
                _place(project, link, "control", str(number)),
                f"add {grain} to project.publish.grains, or take another KPI",
            )


def _segments(project: Project, link: Link, ends: tuple[Kpi, Kpi]) -> Iterator[Problem]:
    for number, name in enumerate(link.by):
        place = _place(project, link, "by", str(number))
        if name in link.by[:number]:
            yield Problem(f"{_called(link)} is tested by '{name}' twice.", place, "keep one")
        else:
            yield from islice(_not_broken_down(project, link, ends, name, place), 1)


def _not_broken_down(
    project: Project, link: Link, ends: tuple[Kpi, Kpi], name: str, place: Place | None
) -> Iterator[Problem]:
    for kpi in ends:
        for model in (project.models[one] for one in models_drawn_on(project, kpi.metric) if one in project.models):
            try:
                find_dimension(project.models, model, name)
            except UnknownDimension as unknown:
                yield Problem(
                    f"{_called(link)} is tested by '{name}', which the metric '{kpi.metric}' of '{kpi.name}' cannot be "
                    f"broken down by: {unknown.message}.",
                    place,
                    unknown.hint,
                )


def _no_values(project: Project, link: Link, kpi: Kpi, grain: Grain) -> Iterator[Problem]:
    """A metric that is only made of longer periods has no values at the grain of the test."""
    if grain is kpi.grain:
        return
    for metric in metrics_below(project, kpi.metric):
        if why := _not_by(metric, grain):
            yield Problem(
                f"{_called(link)} is tested by {grain}, but metric '{metric.name}' of '{kpi.name}' {why}.",
                _place(project, link, "lag"),
                f"name another `grain`, write the lag in {kpi.grain}s, or link a KPI by {grain}",
            )


def _not_by(metric: Metric, grain: Grain) -> str | None:
    if isinstance(metric, Retention) and not add_up(metric.cohort_grain, grain):
        return f"has cohorts by {metric.cohort_grain}, and no {grain} is made of these"
    for _, one in inputs_with_keys(metric):
        if one.offset and not fits(grain, one.offset):
            return f"looks back {one.offset}, which is no whole number of {grain}s"
    return None


def _called(link: Link) -> str:
    return f"Link '{link.from_}' -> '{link.to}'"


def _place(project: Project, link: Link, *keys: str) -> Place | None:
    return project.place("links", link_name(link.from_, link.to), *keys)
