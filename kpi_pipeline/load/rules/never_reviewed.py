"""R: a KPI that nobody looks at changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

from kpi_pipeline.load.rules.base import Example, Remark, Rule
from kpi_pipeline.load.rules.known import Known
from kpi_pipeline.project import Project


def _look(project: Project) -> Iterator[Remark]:
    for kpi in project.kpis.values():
        review = project.review_due(kpi.name)
        if review is None:
            message, hint = "has no review", "say how often people look at it: review: {every: month}"
        elif review.last is None:
            message, hint = (
                "was never reviewed",
                f"hold one and write down what came of it: kpi review {kpi.name}",
            )
        else:
            continue
        yield Remark("kpis", kpi, f"KPI '{kpi.name}' {message}.", hint, "review")


def _overdue(project: Project, known: Known) -> Iterator[Remark]:
    """A review is overdue after the day that the published tables call `review_due`."""
    for kpi in project.kpis.values():
        review = project.review_due(kpi.name, known.days.get(kpi.name))
        if review and review.days_overdue:
            yield Remark(
                "kpis",
                kpi,
                f"KPI '{kpi.name}' was to be reviewed by {review.due}, and it is now {review.today}.",
                f"hold the review (kpi review {kpi.name} writes it down), or say how often people really do",
                "review",
            )


NEVER_REVIEWED = Rule(
    "R",
    "warning",
    "review overdue or never held",
    _look,
    reason="A KPI changes something only when people look at it together and decide. Reviews that are put off are soon "
    "no longer held; either the KPI does not matter, or nobody has noticed that it does.",
    bad=Example("kpis:\n  - {name: orders_a_month, metric: orders, review: {every: month}}"),
    good=Example("kpis:\n  - {name: orders_a_month, metric: orders, review: {every: month, last: 2010-11-30}}"),
    look_at_data=_overdue,
)
