"""Checks of KPIs fit what the KPI measures: rates have bounds, and only what adds up adds up."""

from __future__ import annotations

from collections.abc import Iterator

from kpi_pipeline.checks import RateBetween, SegmentsAddUp
from kpi_pipeline.checks.naming import OF_EVERY_KPI, OF_PUBLISHING, check_names
from kpi_pipeline.errors import Problem, listed
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.metrics import Agg, Conversion, Cumulative, Metric, Ratio, Retention, Simple
from kpi_pipeline.names import COHORT_AGE
from kpi_pipeline.project import Project

ADDED = (Agg.sum, Agg.count, Agg.sum_boolean)


def misfit_checks(project: Project, kpi: Kpi) -> Iterator[Problem]:
    """A problem for each check of a KPI that makes no sense for it."""
    for number, (check, name) in enumerate(zip(kpi.checks, check_names(kpi.checks), strict=True)):
        place = project.place("kpis", kpi.name, "checks", str(number))
        if name in OF_EVERY_KPI | OF_PUBLISHING:
            yield Problem(
                f"KPI '{kpi.name}' has a check named '{name}', as one that every KPI has.",
                project.place("kpis", kpi.name, "checks", str(number), "name"),
                "give it another name",
            )
        if isinstance(check, RateBetween) and (metric := project.metrics.get(kpi.metric)) and _is_total(metric):
            yield Problem(
                f"KPI '{kpi.name}' has a check of type rate_between, but '{kpi.metric}' is a total, not a rate.",
                place,
                "a total grows with the business; say how far it may jump: {type: change_within, min: -50%, max: 100%}",
            )
        if isinstance(check, SegmentsAddUp):
            yield from _parts(project, kpi, number, check)


def _parts(project: Project, kpi: Kpi, number: int, check: SegmentsAddUp) -> Iterator[Problem]:
    place = project.place("kpis", kpi.name, "checks", str(number))
    broken_down = [one for one in kpi.breakdowns if one]
    if not broken_down:
        yield Problem(f"KPI '{kpi.name}' has no segments to add up.", place, "give it one: breakdowns: [[], [country]]")
    elif check.breakdown and frozenset(check.breakdown) not in {frozenset(one) for one in broken_down}:
        yield Problem(
            f"KPI '{kpi.name}' is not broken down by [{', '.join(check.breakdown)}], whose segments are to add up.",
            project.place("kpis", kpi.name, "checks", str(number), "breakdown"),
            f"its breakdowns are {listed(['[' + ', '.join(one) + ']' for one in broken_down])}",
        )
    if reason := why_not_added(project, kpi.metric):
        yield Problem(
            f"KPI '{kpi.name}' has a check that its segments add up, which they do not: {reason}.",
            place,
            "take the check away; `kpi why` says what segments share",
        )
    looked_at = [check.breakdown] if check.breakdown else broken_down
    if any(COHORT_AGE in one for one in looked_at):
        yield Problem(
            f"KPI '{kpi.name}': the ages of a cohort are no parts of a whole, and do not add up.",
            place,
            "name another breakdown: breakdown: [country]",
        )


def why_not_added(project: Project, name: str) -> str | None:
    """Why the segments of a metric do not add up by its nature; None where they do, or may."""
    metric = project.metrics.get(name)
    match metric:
        case Simple() if metric.agg is Agg.count_distinct:
            return f"'{name}' counts distinct things, and one may be in two segments"
        case Simple() if metric.agg not in ADDED:
            return f"'{name}' is a {metric.agg}, no sum"
        case Ratio() | Retention():
            return f"'{name}' is a {metric.type}, no sum"
        case Conversion() if metric.calculation == "conversion_rate":
            return f"'{name}' is a rate, no sum"
        case Cumulative():
            return why_not_added(project, metric.inputs[0].name)
    return None


def _is_total(metric: Metric) -> bool:
    return isinstance(metric, Simple) and metric.agg in (*ADDED, Agg.count_distinct)
