"""The hours of every day, as the clock of the project's zone shows them.

A day on which the clocks change has 23 hours or 25. An hour is known by the moment it begins, because the hour in which
the clocks go back comes twice.
"""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from kpi_pipeline.periods import Grain, Shift, ToGrain, Window

A_STEP = timedelta(minutes=15)
"""NOTE: every zone's clock is a whole number of quarters of an hour away from UTC, and is changed at one."""


def hours_of(days: pl.DataFrame, zone: str) -> pl.DataFrame:
    """The hours of days (`period_start`, `period_start_utc`, `year_number`, in order), a row an hour.

    `period_start` is the moment the hour begins, in UTC; `day` the business day it lies in, and `hour` what the clock
    shows. An hour of which the clocks skip or repeat a part is that much shorter or longer.
    """
    first, last = days.item(0, "period_start_utc"), days.item(-1, "period_start_utc") + timedelta(days=1)
    steps = pl.datetime_range(first, last, interval=A_STEP, closed="left", eager=True).alias("period_start")
    local = pl.col("period_start").dt.convert_time_zone(zone)
    begun = days.select(day="period_start", period_start="period_start_utc", year_number="year_number")
    hours = (
        steps.to_frame()
        .with_columns(hour=local.dt.hour().cast(pl.Int64), minute=local.dt.minute())
        .filter((pl.col("minute") == 0) | (pl.col("hour") != pl.col("hour").shift(1)))
        .join_asof(begun, on="period_start", strategy="backward")
    )
    return hours.select(
        "period_start",
        "day",
        "hour",
        period_end=pl.col("day") + timedelta(days=1),
        last_day="day",
        period_label=local.dt.strftime("%Y-%m-%d %H:%M%:z"),
        period_start_utc="period_start",
        period_number=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("year_number"),
        year_number="year_number",
    )


def earlier_hours(
    hours: pl.DataFrame, days: pl.DataFrame, days_before: pl.DataFrame | None, back: Shift
) -> pl.DataFrame:
    """For every hour the one that lies so far before: period_start, source_start.

    By days and longer it is the same hour of an earlier day (`days_before`): none where the clocks skipped it, the
    first of two where they showed it twice. To a longer period it is the first hour of its first day.
    """
    if isinstance(back, Window) and back.grain is Grain.hour:
        return hours.select("period_start", source_start=pl.col("period_start").shift(back.count))
    first = hours.group_by("day", maintain_order=True).agg(source_start=pl.col("period_start").first())
    if isinstance(back, ToGrain):
        if back.grain is Grain.hour:
            return hours.select("period_start", source_start="period_start")
        starts = days.select("day", begun=f"{back.grain}_start")
        found = hours.join(starts, on="day", how="left", maintain_order="left")
        found = found.join(first.rename({"day": "begun"}), on="begun", how="left", maintain_order="left")
        return found.select("period_start", "source_start")
    assert days_before is not None
    showing = hours.group_by("day", "hour", maintain_order=True).agg(source_start=pl.col("period_start").first())
    return (
        hours.join(days_before.rename({"period_start": "day", "source_start": "before"}), on="day", how="left")
        .join(showing.rename({"day": "before"}), on=["before", "hour"], how="left")
        .sort("period_start")
        .select("period_start", "source_start")
    )
