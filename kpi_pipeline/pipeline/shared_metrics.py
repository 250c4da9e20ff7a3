"""Two KPIs made of the same numbers: part of what ties them is arithmetic, whatever the data says."""

from __future__ import annotations

from kpi_pipeline.load.references import metrics_below
from kpi_pipeline.project import Project


def shared_metrics(project: Project, leader: str, follower: str) -> tuple[str, ...]:
    """The metrics that both KPIs are made of, by name; of one that is made of another the outer one only.

    Two quotients with one denominator share that; sales of a week and sales of a month are one metric.
    """
    both = made_of_both(project, leader, follower)
    inner = set[str]().union(*(_made_of(project, name) - {name} for name in both))
    return tuple(sorted(both - inner))


def made_of_both(project: Project, leader: str, follower: str) -> set[str]:
    """All metrics that both KPIs are made of, also those within others."""
    return set.intersection(*(_made_of(project, project.kpis[name].metric) for name in (leader, follower)))


def _made_of(project: Project, metric: str) -> set[str]:
    return {one.name for one in metrics_below(project, metric)}
