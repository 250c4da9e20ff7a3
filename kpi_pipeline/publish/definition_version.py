"""Versions of definitions: short fingerprints that change when what a definition means changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from kpi_pipeline.kpis import Kpi
from kpi_pipeline.metrics import Metric, Retention, Simple
from kpi_pipeline.models import Model
from kpi_pipeline.names import Noun
from kpi_pipeline.project import Project
from kpi_pipeline.publish.lineage import metric_edges, model_edges

WORDS_AND_DUTIES = frozenset(
    {
        "label", "description", "ignore", "checks", "owner", "team", "goal", "goals", "weight", "parent_kpi",
        "review", "scorecards", "benchmark", "annotations", "formerly", "restatement", "freeze", "indicator",
        "measures", "counts",
    }
)  # fmt: skip
"""What may be reworded or handed to somebody else while every number, target and status stays the same."""

JUDGING = ("direction", "status")
"""What of a KPI decides how its values stand, given number and target."""

CLOCK_AND_MONEY = ("timezone", "week_start", "fiscal_year_start", "currency")
"""What of the project's settings can change a number."""


TELLING = ("notify",)
"""What of the project's settings is only about who is told; nothing that is published rests on it."""


def metric_versions(project: Project) -> Mapping[str, str]:
    """The version of every metric: of itself, and of the metrics, the model and the sources it is computed from."""
    versions: dict[str, str] = {}
    for metric in project.metrics.values():
        _metric_version(project, metric, versions)
    return versions


def kpi_versions(project: Project) -> Mapping[str, str]:
    """The version of every KPI: of what decides its number, target and status."""
    metrics = metric_versions(project)
    return {
        kpi.name: _fingerprint(
            _meaning(kpi), metrics[kpi.metric], _given_by(project, kpi.target.table if kpi.target else None)
        )
        for kpi in project.kpis.values()
    }


@dataclass(frozen=True)
class KpiVersion:
    """The versions of what decides a KPI's number, what it is to reach, and how its status is judged."""

    number: str
    target: str
    rule: str


def parts_of_kpi_versions(project: Project) -> Mapping[str, KpiVersion]:
    """The version of every KPI in three parts, so that a restated value can be told from another target.

    Breakdowns do not count: they decide which values there are, not what these say. Nor do numbers that a table of
    targets gives: those are rows.
    """
    metrics = metric_versions(project)
    return {kpi.name: _kpi_version(kpi, metrics[kpi.metric]) for kpi in project.kpis.values()}


def _kpi_version(kpi: Kpi, metric: str) -> KpiVersion:
    meaning = _meaning(kpi)
    number = {key: value for key, value in meaning.items() if key not in ("name", "breakdowns", "target", *JUDGING)}
    rule = {key: meaning.get(key) for key in JUDGING}
    return KpiVersion(_fingerprint(number, metric), _fingerprint(meaning.get("target")), _fingerprint(rule))


def project_version(project: Project) -> str:
    """The version of all definitions together, words and duties included."""
    nouns = (
        project.sources,
        project.models,
        project.metrics,
        project.teams,
        project.people,
        project.goals,
        project.kpis,
    )
    links = sorted(json.dumps(_written(link), sort_keys=True) for link in project.links)
    kinds = [{name: _written(noun) for name, noun in kind.items()} for kind in nouns]
    settings = {key: value for key, value in _written(project.settings).items() if key not in TELLING}
    reviews = [_written(review) for review in project.reviews]
    return _fingerprint(settings, kinds, links, *([reviews] if reviews else []))


def _metric_version(project: Project, metric: Metric, known: dict[str, str]) -> str:
    if metric.name not in known:
        inputs = {used.name: _metric_version(project, project.metrics[used.name], known) for used in metric.inputs}
        own = metric.model if isinstance(metric, Simple | Retention) else None
        model = _model_meaning(project, project.models[own]) if own else None
        settings: dict[str, object] = {key: getattr(project.settings, key) for key in CLOCK_AND_MONEY}
        if project.settings.min_group_size:
            settings["min_group_size"] = project.settings.min_group_size
        if project.settings.calendar:
            settings["calendar"] = _written(project.settings.calendar)
        looked_up = _looked_up(project, metric, own, known)
        known[metric.name] = _fingerprint(
            _meaning(metric), inputs, model, settings, *([looked_up] if looked_up else [])
        )
    return known[metric.name]


def _looked_up(project: Project, metric: Metric, own: str | None, known: dict[str, str]) -> dict[str, object]:
    """The other models whose columns a metric looks up, and the metrics that its conditions ask for."""
    ends = {edge.upstream for edge in metric_edges(project, metric)}
    inputs = {used.name for used in metric.inputs}
    models = sorted(end.name for end in ends if end.kind == "model" and end.name != own)
    asked = sorted(end.name for end in ends if end.kind == "metric" and end.name not in inputs)
    meanings: dict[str, object] = {f"model/{name}": _model_meaning(project, project.models[name]) for name in models}
    return meanings | {f"metric/{name}": _metric_version(project, project.metrics[name], known) for name in asked}


def _model_meaning(project: Project, model: Model) -> list[object]:
    """The model, the models under it, and the sources they read."""
    ends = {edge.upstream for edge in model_edges(project, model)}
    below = [_model_meaning(project, project.models[end.name]) for end in sorted(ends) if end.kind == "model"]
    return [_meaning(model), below, _sources(project, [end.name for end in sorted(ends) if end.kind == "source"])]


def _given_by(project: Project, table: str | None) -> object:
    """What decides the numbers of a table of targets."""
    if table and table in project.models:
        return _model_meaning(project, project.models[table])
    return _sources(project, [table])


def _sources(project: Project, names: list[str | None]) -> dict[str, object]:
    return {name: _meaning(project.sources[name]) for name in names if name and name in project.sources}


def _meaning(noun: Noun) -> dict[str, object]:
    return noun.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude=set(WORDS_AND_DUTIES))


def _written(noun: Noun) -> dict[str, object]:
    return noun.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _fingerprint(*parts: object) -> str:
    """Twelve hexadecimal digits; unwritten defaults do not enter, so that a new optional field changes no version."""
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]
