"""The holidays of a KPI's periods, where the project names any."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date

from kpi_pipeline.publish.scorecard.dates import day_written
from kpi_pipeline.publish.scorecard.snapshot import Row

SHOWN_BY = frozenset({"day", "week"})
"""Grains by which a holiday is worth a mark; almost every month has one."""


def holidays_of(calendar: Sequence[Row]) -> tuple[tuple[date, str], ...]:
    """The holidays, in order of time, with their names where there are any."""
    return tuple(
        sorted((row["day"], row.get("holiday") or day_written(row["day"])) for row in calendar if row["is_holiday"])
    )


def by_period(rows: Sequence[Row], holidays: Sequence[tuple[date, str]]) -> dict[str, str]:
    """For each period of days or weeks that has holidays, its label and their names."""
    found: dict[str, str] = {}
    days = [day for day, _ in holidays]
    for row in rows if days else ():
        if row["grain"] in SHOWN_BY:
            first, end = bisect_left(days, row["period_start"]), bisect_left(days, row["period_end"])
            if first < end:
                found[row["period_label"]] = ", ".join(name for _, name in holidays[first:end])
    return found
