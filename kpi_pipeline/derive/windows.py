"""Which days a cumulative metric reaches back over, seen from either end."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from kpi_pipeline.calendar import Calendar
from kpi_pipeline.derive.anchors import ANCHOR
from kpi_pipeline.plan import Reach


def begins(reach: Reach, calendar: Calendar) -> pl.DataFrame | None:
    """For every day as an anchor the first day in its reach: _anchor, _begin; None where nothing ever leaves."""
    days = calendar.days
    if reach.window:
        return calendar.trailing(reach.window).select(pl.col("day").alias(ANCHOR), _begin="begin")
    if reach.to_date:
        return days.select(pl.col("day").alias(ANCHOR), _begin=f"{reach.to_date}_start")
    return None


def leaving(reach: Reach, calendar: Calendar) -> pl.DataFrame | None:
    """For every day the first later one whose window no longer holds it: _day, _leaves; None where none ever does."""
    windows = begins(reach, calendar)
    if windows is None:
        return None
    passed = windows.group_by(_after="_begin").agg(_leaves=pl.col(ANCHOR).min()).sort("_after")
    days = calendar.days.select(_day="day", _next=pl.col("day") + timedelta(days=1)).sort("_next")
    return days.join_asof(passed, left_on="_next", right_on="_after", strategy="forward").select("_day", "_leaves")
