"""What the rules of `kpi check` know beside the definitions: values as they were published, evidence, and the day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import polars as pl

from kpi_pipeline.errors import DataError, StorageError
from kpi_pipeline.judge import verdicts_of
from kpi_pipeline.load import Known, Point
from kpi_pipeline.pipeline.reviews import days_that_count
from kpi_pipeline.project import Project
from kpi_pipeline.segments import TOTAL
from kpi_pipeline.store.published import Published

TOTALS = (
    "SELECT kpi, grain, period_start, value, target_low, target_high, is_complete FROM kpi_value "
    "WHERE segment = ? ORDER BY kpi, period_start_utc"
)
EVIDENCE = "SELECT * FROM kpi_evidence"


def known_values(project: Project, *, data: bool = True, now: datetime | None = None) -> Known:
    """What a check on the definitions knows: it reads the published file, which no run ever locks.

    Where nothing was published, where the file cannot be read, or where `data` is not wanted, only the day is known,
    and even that not if each KPI goes by its own data.
    """
    if not data:
        by_data = project.settings.as_of == "data"
        return Known(days={} if by_data else days_that_count(project, now=now))
    try:
        days = days_that_count(project, now=now)
        with Published.open(project.path(project.settings.publish.duckdb)) as published:
            return known_from(project, published.fetch(TOTALS, [TOTAL]), published.fetch(EVIDENCE), days)
    except DataError:
        return Known(days=days)
    except StorageError:
        return Known()


def known_from(project: Project, totals: pl.DataFrame, evidence: pl.DataFrame, days: Mapping[str, date]) -> Known:
    """The same from tables at hand: the totals of all KPIs, each from its beginning, and the evidence on links."""
    complete = totals.filter("is_complete")
    series = {
        str(name): tuple(map(Point, *of_kpi.select("period_start", "value", "target_low", "target_high")))
        for (name, grain), of_kpi in complete.partition_by("kpi", "grain", as_dict=True, maintain_order=True).items()
        if name in project.kpis and project.kpis[name].grain == grain
    }
    return Known(
        days=days,
        series=series,
        verdicts=verdicts_of(evidence),
        has_data=True,
    )
