"""Every name that one definition uses of another is defined."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kpi_pipeline.errors import Problem, did_you_mean, listed
from kpi_pipeline.load.kinds import BY_KEY, PROJECT, REVIEWS, link_name, review_name
from kpi_pipeline.metrics import Conversion, Cumulative, Derived, Metric, Ratio, Retention, Simple
from kpi_pipeline.metrics.base import InputMetric
from kpi_pipeline.project import Project
from kpi_pipeline.teams import COMPANY

Keys = tuple[str, ...]


@dataclass(frozen=True)
class Reference:
    """A name used at a place, and the kinds among which it is looked for."""

    kind: str
    user: str
    keys: Keys
    says: str
    name: str
    among: tuple[str, ...]
    also: frozenset[str] = frozenset()


def unresolved(project: Project, known: Mapping[str, frozenset[str]], elsewhere: frozenset[str]) -> Iterator[Problem]:
    """A problem for each reference to a name that is not known, with the nearest one and where that is defined."""
    for reference in references(project):
        names = {name for kind in reference.among for name in known.get(kind, ())}
        if reference.name in names | reference.also | elsewhere:
            continue
        words = " or ".join(BY_KEY[kind].singular for kind in reference.among)
        user = None if reference.kind == PROJECT.key else reference.user
        yield Problem(
            f"{BY_KEY[reference.kind].subject(user)} {reference.says} '{reference.name}', "
            f"which is not defined as a {words}.",
            project.place(reference.kind, reference.user, *reference.keys),
            _hint(reference, names | reference.also, project, words),
        )


def _hint(reference: Reference, names: set[str] | frozenset[str], project: Project, words: str) -> str:
    near = did_you_mean(reference.name, sorted(names))
    if near is None and reference.kind == REVIEWS.key:
        return "if the KPI was renamed, give it `formerly`; if it is gone, its reviews may go, too: git remembers them"
    if near is None:
        return f"defined are {listed(sorted(names))}" if names else f"no {words} is defined yet"
    nearest = near.split("'")[1]
    for kind in reference.among:
        if place := project.places.get((kind, nearest)):
            return f"{near.removesuffix('?')} ({place})?"
    return near


def references(project: Project) -> Iterator[Reference]:
    """Every use of a name by another definition."""
    for source in project.sources.values():
        for number, check in enumerate(source.checks):
            if check.looks_in:
                yield _looks_in("sources", source.name, number, check.looks_in, sources_only=check.sets_aside)
    for model in project.models.values():
        for number, check in enumerate(model.checks):
            if check.looks_in:
                yield _looks_in("models", model.name, number, check.looks_in)
        if model.currency and model.currency.rates:
            keys = ("currency", "rates")
            yield Reference("models", model.name, keys, "takes its rates from", model.currency.rates, ("models",))
    for metric in project.metrics.values():
        yield from _of_metric(metric)
    if table := project.settings.calendar_table:
        yield Reference("project", "calendar", ("table",), "takes its calendar from", table, ("models", "sources"))
    if table := project.settings.holiday_table:
        yield Reference("project", "holidays", ("table",), "takes its holidays from", table, ("models", "sources"))
    yield from _of_teams_and_people(project)
    yield from _of_goals(project)
    yield from _of_kpis(project)
    former = frozenset(name for kpi in project.kpis.values() for name in kpi.formerly)
    for review in project.reviews:
        name = review_name(review.kpi, review.on)
        yield Reference("reviews", name, ("kpi",), "is of KPI", review.kpi, ("kpis",), former)
    for link in project.links:
        name = link_name(link.from_, link.to)
        yield Reference("links", name, ("from",), "leads from KPI", link.from_, ("kpis",))
        yield Reference("links", name, ("to",), "leads to KPI", link.to, ("kpis",))
        for number, held in enumerate(link.control):
            yield Reference("links", name, ("control", str(number)), "holds constant KPI", held, ("kpis",))
        if link.team:
            yield Reference("links", name, ("team",), "is claimed by team", link.team, ("teams",))


def _looks_in(kind: str, user: str, number: int, table: str, *, sources_only: bool = False) -> Reference:
    """Rows are set aside before models are made, so what they are compared with is a source."""
    keys = ("checks", str(number), "to")
    if sources_only:
        return Reference(kind, user, keys, "has a check with `severity: quarantine` that looks in", table, ("sources",))
    return Reference(kind, user, keys, "has a check that looks in", table, ("models", "sources"))


def _of_metric(metric: Metric) -> Iterator[Reference]:
    if metric.owner:
        yield Reference("metrics", metric.name, ("owner",), "is owned by", metric.owner, ("people",))
    if isinstance(metric, Simple | Retention):
        yield Reference("metrics", metric.name, ("model",), "is computed from model", metric.model, ("models",))
    for keys, one in inputs_with_keys(metric):
        yield Reference("metrics", metric.name, keys, "uses metric", one.name, ("metrics",))


def inputs_with_keys(metric: Metric) -> Iterator[tuple[Keys, InputMetric]]:
    """The metrics a metric is computed from, each with the keys it is written under."""
    match metric:
        case Ratio():
            yield ("numerator",), metric.numerator
            yield ("denominator",), metric.denominator
        case Cumulative():
            yield ("input_metric",), metric.input_metric
        case Conversion():
            yield ("base_metric",), metric.base_metric
            yield ("conversion_metric",), metric.conversion_metric
        case Derived():
            for number, one in enumerate(metric.input_metrics):
                yield ("input_metrics", str(number)), one


def metrics_below(project: Project, name: str) -> tuple[Metric, ...]:
    """A metric and all it is computed from, each once; names that nothing is defined for are passed over."""
    found: dict[str, Metric] = {}
    todo = [name]
    while todo:
        metric = project.metrics.get(todo.pop())
        if metric and metric.name not in found:
            found[metric.name] = metric
            todo += [one.name for one in metric.inputs]
    return tuple(found.values())


def _of_teams_and_people(project: Project) -> Iterator[Reference]:
    for team in project.teams.values():
        yield Reference("teams", team.name, ("parent",), "is part of", team.parent, ("teams",), frozenset({COMPANY}))
        if team.manager:
            yield Reference("teams", team.name, ("manager",), "is led by", team.manager, ("people",))
    for person in project.people.values():
        if person.team:
            yield Reference("people", person.name, ("team",), "belongs to", person.team, ("teams",))
        if person.manager:
            yield Reference("people", person.name, ("manager",), "reports to", person.manager, ("people",))


def _of_goals(project: Project) -> Iterator[Reference]:
    for goal in project.goals.values():
        if goal.parent:
            yield Reference("goals", goal.name, ("parent",), "serves goal", goal.parent, ("goals",))
        if goal.team:
            yield Reference("goals", goal.name, ("team",), "belongs to team", goal.team, ("teams",))
        if goal.owner:
            yield Reference("goals", goal.name, ("owner",), "is owned by", goal.owner, ("people",))
        for number, name in enumerate(goal.agreed_by):
            yield Reference(
                "goals",
                goal.name,
                ("agreed_by", str(number)),
                "is agreed by",
                name,
                ("teams", "people"),
                frozenset({COMPANY}),
            )


def _of_kpis(project: Project) -> Iterator[Reference]:
    for kpi in project.kpis.values():
        yield Reference("kpis", kpi.name, ("metric",), "uses metric", kpi.metric, ("metrics",))
        if kpi.goal:
            yield Reference("kpis", kpi.name, ("goal",), "serves goal", kpi.goal, ("goals",))
        for number, share in enumerate(kpi.goals):
            yield Reference("kpis", kpi.name, ("goals", str(number), "goal"), "serves goal", share.goal, ("goals",))
        if kpi.team:
            yield Reference("kpis", kpi.name, ("team",), "belongs to team", kpi.team, ("teams",))
        if kpi.owner:
            yield Reference("kpis", kpi.name, ("owner",), "is owned by", kpi.owner, ("people",))
        if kpi.parent_kpi:
            yield Reference("kpis", kpi.name, ("parent_kpi",), "is part of KPI", kpi.parent_kpi, ("kpis",))
        for number, name in enumerate(kpi.scorecards):
            keys = ("scorecards", str(number))
            yield Reference(
                "kpis", kpi.name, keys, "stands on the scorecard of", name, ("teams",), frozenset({COMPANY})
            )
        if kpi.target and kpi.target.table:
            keys = ("target", "table")
            yield Reference("kpis", kpi.name, keys, "takes its target from", kpi.target.table, ("sources", "models"))
