"""What counts as today for each KPI."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from kpi_pipeline.project import Project
from kpi_pipeline.segments import TOTAL

Rows = Callable[[str, list[object]], Iterable[Any]]
"""Asks the tables of values a question: SQL and its parameters."""


def day_of_each(project: Project, today: date | None, rows: Rows, *, schema: str) -> dict[str, date]:
    """For each KPI the day that counts as today: `today` where the project's `as_of` names one for all.

    By the data it is the first day after the newest period of the KPI, or of its metric, that is complete; KPIs that
    nothing was published of have none then. `schema` is where the tables of values are.
    """
    if today:
        return dict.fromkeys(project.kpis, today)

    def newest(of: str) -> dict[str, date]:
        query = (
            f"SELECT {of}, max(period_end) FROM {schema}.{of}_value "
            "WHERE is_complete AND segment = ? AND grain <> 'hour' GROUP BY ALL"
        )
        return dict(rows(query, [TOTAL]))

    kpis, metrics = newest("kpi"), newest("metric")
    known = {name: [kpis.get(name), metrics.get(kpi.metric)] for name, kpi in project.kpis.items()}
    return {name: max(day for day in days if day) for name, days in known.items() if any(days)}
