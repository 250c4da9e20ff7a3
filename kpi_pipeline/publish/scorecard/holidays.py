"""The holidays of a KPI's periods, where the project names any."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date

from kpi_pipeline.holidays import holidays_said
from kpi_pipeline.publish.scorecard.dates import day_written
from kpi_pipeline.publish.scorecard.snapshot import Row

MARKED_BY = frozenset({"day", "week"})
"""Grains by which a holiday is worth a mark in the drawing; almost every month and all that is longer have some."""


def holidays_of(calendar: Sequence[Row]) -> tuple[tuple[date, str], ...]:
    """The holidays, in order of time, with their names where there are any."""
    return tuple(
        sorted((row["day"], row.get("holiday") or day_written(row["day"])) for row in calendar if row["is_holiday"])
    )


def by_period(rows: Sequence[Row], holidays: Sequence[tuple[date, str]]) -> dict[str, str]:
    """For each period that has holidays, its label and what is said of them; an hour says nothing of its day."""
    found: dict[str, str] = {}
    days = [day for day, _ in holidays]
    for row in rows if days else ():
        if row["grain"] != "hour":
            first, end = bisect_left(days, row["period_start"]), bisect_left(days, row["period_end"])
            if first < end:
                found[row["period_label"]] = holidays_said([name for _, name in holidays[first:end]])
    return found
