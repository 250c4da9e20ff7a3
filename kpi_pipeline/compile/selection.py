"""What a selection on the command line or in Dagster means."""

from __future__ import annotations

from collections.abc import Iterable

from kpi_pipeline.compile.models import plan_model
from kpi_pipeline.errors import QueryError, did_you_mean
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
        kpis = {one.name for one in project.kpis.values() if name in {share.goal for share in one.serves}}
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
    metrics = {one.name for one in project.metrics.values() if project.models_of(one.name) & reached}
    return {one.name for one in project.kpis.values() if one.metric in metrics}, metrics


def models_below(project: Project, name: str) -> set[str]:
    """A model and all models it reads, directly or not."""
    inner = plan_model(project, project.models[name]).models
    return {name}.union(*(models_below(project, one) for one in inner))


def sources_below(project: Project, name: str) -> set[str]:
    """All sources a model reads, directly or not."""
    return {
        source for one in models_below(project, name) for source in plan_model(project, project.models[one]).sources
    }
