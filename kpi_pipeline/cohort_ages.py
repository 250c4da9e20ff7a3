"""Which metrics have ages: retention, and what is computed from retention alone, all of it of one age.

Broken down by `cohort_age`, a row says its age itself, in the place of the metric's own.
"""

from __future__ import annotations

from collections.abc import Iterable

from kpi_pipeline.dimensions import UnknownDimension
from kpi_pipeline.metrics import Derived, Metric, Ratio, Retention
from kpi_pipeline.project import Project


def cohorts_told_apart(project: Project, metrics: Iterable[str]) -> None:
    """Says why metrics cannot be broken down by the age of cohorts, side by side, if they cannot.

    Raises:
        UnknownDimension: one of them has no age, or two ages, or their ages are not counted in the same periods.
    """
    known = (project.metrics[name] for name in metrics if name in project.metrics)
    of_each = {one.name: _ages_of(project, one, one.name) for one in known}
    grains = {one.cohort_grain: name for name, found in of_each.items() for one in found}
    if len(grains) > 1:
        (grain, name), (other, name_of_other) = list(grains.items())[:2]
        raise UnknownDimension(
            f"the ages of '{name}' are counted in {grain}s, those of '{name_of_other}' in {other}s",
            "ask for one after the other",
        )


def _ages_of(project: Project, metric: Metric, asked: str) -> tuple[Retention, ...]:
    """The retention metrics that a metric is computed from."""
    match metric:
        case Retention():
            return (metric,)
        case Ratio() | Derived():
            below = [project.metrics[one.name] for one in metric.inputs if one.name in project.metrics]
            found = tuple(one for inner in below for one in _ages_of(project, inner, asked))
            _refuse_several_ages(found, metric.name)
            return found
        case _:
            what = f"'{asked}' rests on '{metric.name}', which" if metric.name != asked else "it"
            raise UnknownDimension(
                f"{what} is of type {metric.type}, and only the cohorts of retention have an age",
                "ask for a retention metric, or for what is computed from retention alone",
            )


def _refuse_several_ages(found: tuple[Retention, ...], metric: str) -> None:
    ages = {(str(one.age), one.cohort_grain): one.name for one in found}
    if len(ages) > 1:
        one, other = list(ages.values())[:2]
        raise UnknownDimension(
            f"'{metric}' compares ages ('{one}' and '{other}'), so it has no age of its own",
            f"ask for '{one}' and '{other}' by it",
        )
