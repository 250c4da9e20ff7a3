"""What a selection on the command line or in Dagster means."""

from __future__ import annotations

from collections.abc import Iterable

from kpi_pipeline.compile.dimensions import looked_up_by
from kpi_pipeline.compile.formula import formula
from kpi_pipeline.compile.models import plan_model
from kpi_pipeline.dimensions import find_dimension
from kpi_pipeline.errors import QueryError, did_you_mean
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.names import without_age
from kpi_pipeline.project import Project


def selected(project: Project, names: Iterable[str]) -> tuple[frozenset[str], frozenset[str]]:
    """KPIs and metrics that a selection names.

    A name is a KPI, a metric, a goal, a team, a model or a source, in that order; `goal:growth` says which is meant. A
    goal or team selects its KPIs; a model or source selects every metric and KPI that rests on it.
    """
    kpis: set[str] = set()
    metrics: set[str] = set()
    for name in names:
        found_kpis, found_metrics = _one(project, name)
        kpis |= found_kpis
        metrics |= found_metrics
    return frozenset(kpis), frozenset(metrics)


def _one(project: Project, text: str) -> tuple[set[str], set[str]]:
    kind, _, name = text.rpartition(":")
    if kind in ("", "kpi") and name in project.kpis:
        return {name}, {project.kpis[name].metric}
    if kind in ("", "metric") and name in project.metrics:
        return set(), {name}
    if kind in ("", "goal") and name in project.goals:
        kpis = {one.name for one in project.kpis_of(name)}
        return kpis, {project.kpis[kpi].metric for kpi in kpis}
    if kind in ("", "team") and name in project.teams:
        kpis = {one.name for one in project.kpis.values() if one.team == name}
        return kpis, {project.kpis[kpi].metric for kpi in kpis}
    if kind in ("", "model") and name in project.models:
        return _resting_on(project, {name})
    if kind in ("", "source") and name in project.sources:
        return _resting_on(project, {one for one in project.models if name in sources_below(project, one)})
    known = [*project.kpis, *project.metrics, *project.goals, *project.teams, *project.models, *project.sources]
    hint = did_you_mean(name, known) or "`kpi list` shows what there is"
    raise QueryError(f"There is no KPI, metric, goal, team, model or source named '{text}'.\nHint: {hint}")


def _resting_on(project: Project, models: set[str]) -> tuple[set[str], set[str]]:
    reached = {name for name in project.models if models & models_below(project, name)}
    metrics = {name for name in project.metrics if (project.models_of(name) | _looked_up(project, name)) & reached}
    kpis = {one.name for one in project.kpis.values() if one.metric in metrics or _by(project, one) & reached}
    return kpis, metrics | {project.kpis[name].metric for name in kpis}


def _looked_up(project: Project, metric: str) -> set[str]:
    """The models in which a metric's formula looks something up."""
    found = looked_up_by(project, formula(project, project.metrics[metric]))
    return {model.name for one in found for model in one.models}


def _by(project: Project, kpi: Kpi) -> set[str]:
    """The models whose dimensions a KPI, or the test of a link from or to it, is broken down by."""
    names = {name for breakdown in kpi.breakdowns for name in without_age(breakdown)}
    names |= {name for link in project.links if kpi.name in (link.from_, link.to) for name in link.by}
    models = [project.models[name] for name in project.models_of(kpi.metric)]
    found = [find_dimension(project.models, model, name) for model in models for name in names]
    return {step.model.name for one in found for step in one.steps}


def models_below(project: Project, name: str) -> set[str]:
    """A model and all models it reads, directly or not."""
    inner = plan_model(project, project.models[name]).models
    return {name}.union(*(models_below(project, one) for one in inner))


def sources_below(project: Project, name: str) -> set[str]:
    """All sources a model reads, directly or not."""
    return {
        source for one in models_below(project, name) for source in plan_model(project, project.models[one]).sources
    }
