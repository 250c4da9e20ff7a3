"""Which KPIs and metrics other definitions may give other values, so that only these are computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kpi_pipeline.compile import selected
from kpi_pipeline.names import Noun
from kpi_pipeline.project import Project, Settings
from kpi_pipeline.publish import project_version
from kpi_pipeline.publish.definition_version import kpi_versions, metric_versions, parts_of_kpi_versions
from kpi_pipeline.store.said import Said

ABOUT_OTHERS = {
    "name", "label", "warehouse", "engine", "memory", "publish", "schedule", "automation", "history", "restatement",
    "notify",
}  # fmt: skip
"""Settings that no number depends on, but for the grains that are published."""

Names = frozenset[str]


def touched(
    project: Project, proposed: Project, said: Mapping[str, Said], published_version: str
) -> tuple[Names, Names]:
    """The KPIs and metrics that may differ; all of them where it is not known by which definitions others were made.

    Args:
        project: the definitions as they are.
        proposed: those that may take their place.
        said: by what each KPI was published last.
        published_version: the version of the definitions that were published.
    """
    if project_version(project) != published_version or _clock(project.settings) != _clock(proposed.settings):
        return frozenset(proposed.kpis), frozenset(proposed.metrics)
    return selected(proposed, dict.fromkeys(_differing(project, proposed, said)))


def _clock(settings: Settings) -> object:
    return settings.model_dump(exclude=ABOUT_OTHERS), settings.publish.grains


def _differing(project: Project, proposed: Project, said: Mapping[str, Said]) -> Iterator[str]:
    """What is defined otherwise, or rests on what is; with its kind."""
    for kind, was, now in (
        ("kpi", kpi_versions(project), kpi_versions(proposed)),
        ("metric", metric_versions(project), metric_versions(proposed)),
    ):
        yield from (f"{kind}:{name}" for name, version in now.items() if was.get(name) != version)
    nouns: tuple[tuple[str, Mapping[str, Noun], Mapping[str, Noun]], ...] = (
        ("kpi", project.kpis, proposed.kpis),
        ("model", project.models, proposed.models),
        ("source", project.sources, proposed.sources),
    )
    for kind, before, after in nouns:
        yield from (f"{kind}:{name}" for name, noun in after.items() if before.get(name) != noun)
    for link in set(map(repr, project.links)) ^ set(map(repr, proposed.links)):
        ends = [one for one in (*project.links, *proposed.links) if repr(one) == link]
        yield from (f"kpi:{name}" for one in ends for name in (one.from_, one.to) if name in proposed.kpis)
    for name, version in parts_of_kpi_versions(proposed).items():
        was_said = said.get(name)
        if was_said is None or (was_said.number_version, was_said.rule_version) != (version.number, version.rule):
            yield f"kpi:{name}"
