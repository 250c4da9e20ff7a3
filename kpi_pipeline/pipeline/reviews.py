"""Which reviews are due, and what people look at when they hold one: read from what was published, never locked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from kpi_pipeline.errors import DataError
from kpi_pipeline.pipeline.today import day_of_each
from kpi_pipeline.project import Project
from kpi_pipeline.reviews import ReviewDue
from kpi_pipeline.segments import TOTAL
from kpi_pipeline.store.published import Published


@dataclass(frozen=True)
class Latest:
    """A KPI's total in its latest complete period."""

    period: str
    value: float | None
    status: str


def reviews_due(project: Project, *, now: datetime | None = None) -> tuple[ReviewDue, ...]:
    """The KPIs whose review is overdue, those for the longest time first, and after them those never reviewed."""
    days = days_that_count(project, now=now)
    found = [review for name in project.kpis if (review := project.review_due(name, days.get(name)))]
    late = [one for one in found if one.days_overdue or one.last is None]
    return tuple(sorted(late, key=lambda one: (one.last is None, -one.days_overdue, one.kpi)))


def days_that_count(project: Project, *, now: datetime | None = None) -> Mapping[str, date]:
    """What counts as today for each KPI, by the project's `as_of` and what was published; see `day_of_each`."""
    as_of = project.settings.as_of
    if as_of != "data":
        moment = now or datetime.now(UTC)
        day = as_of if isinstance(as_of, date) else moment.astimezone(ZoneInfo(project.settings.timezone)).date()
        return dict.fromkeys(project.kpis, day)
    try:
        with Published.open(project.path(project.settings.publish.duckdb)) as published:
            return day_of_each(project, None, lambda query, given: published.fetch(query, given).rows(), schema="main")
    except DataError:
        return {}


def latest_values(project: Project, until: date) -> Mapping[str, Latest]:
    """The latest complete period of each KPI that was over by a day; empty where nothing was published yet."""
    try:
        with Published.open(project.path(project.settings.publish.duckdb)) as published:
            rows: list[dict[str, Any]] = published.fetch(
                "SELECT kpi, period_label, value, status FROM kpi_value "
                "WHERE is_complete AND segment = ? AND period_end <= ? "
                "QUALIFY row_number() OVER (PARTITION BY kpi ORDER BY period_start_utc DESC) = 1",
                [TOTAL, until],
            ).to_dicts()
    except DataError:
        return {}
    return {row["kpi"]: Latest(row["period_label"], row["value"], row["status"]) for row in rows}
