"""A KPI is reviewed once a day at most, whatever it was called then."""

from __future__ import annotations

from collections.abc import Iterator

from kpi_pipeline.errors import Problem
from kpi_pipeline.load.kinds import review_name
from kpi_pipeline.project import Project


def reviewed_twice(project: Project) -> Iterator[Problem]:
    """A problem for a day on which a KPI was reviewed under an earlier name and under its own."""
    for kpi in project.kpis.values():
        if not kpi.formerly:
            continue
        days: dict[object, str] = {}
        for review in project.reviews_of(kpi.name):
            if other := days.get(review.on):
                yield Problem(
                    f"KPI '{kpi.name}' was reviewed twice on {review.on}, once as '{review.kpi}'.",
                    project.place("reviews", review_name(review.kpi, review.on)),
                    f"keep one; the other is at {project.place('reviews', review_name(other, review.on))}",
                )
            days[review.on] = review.kpi
