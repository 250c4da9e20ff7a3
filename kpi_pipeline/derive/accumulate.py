"""Cumulative values: over a trailing window, since a grain's period began, or since the beginning."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from kpi_pipeline.calendar import Calendar
from kpi_pipeline.derive.fold import folded
from kpi_pipeline.derive.segments import SEGMENT
from kpi_pipeline.periods import Grain, Window
from kpi_pipeline.plan import Measure, Reach


def accumulate(
    rows: pl.LazyFrame,
    reach: Reach,
    measures: Mapping[str, Measure],
    calendar: Calendar,
    periods: pl.DataFrame,
    cut: tuple[date, date] | None,
) -> pl.LazyFrame:
    """For each period the value as of its last day (or first, or the average over its days).

    `periods`: period_start and period_end, ended at the newest day. `cut` names days of an earlier period that the
    period in progress has not come to yet; they are not looked at.
    """
    anchors = _anchors(periods, reach, cut)
    pairs = _days_reached(anchors, reach, calendar)
    reached = rows.join(pairs.lazy(), on="_day")
    values = folded(reached, by=("period_start", "_anchor", SEGMENT), measures=measures)
    if reach.period_agg == "average":
        # NOTE: a day on which the window holds no rows counts as 0 only for what is filled with 0: sums and counts.
        return values.group_by("period_start", SEGMENT).agg(pl.col(name).cast(pl.Float64).mean() for name in measures)
    return values.drop("_anchor")


def _anchors(periods: pl.DataFrame, reach: Reach, cut: tuple[date, date] | None) -> pl.DataFrame:
    """The days whose value is wanted: period_start, _anchor."""
    if cut:
        held = (pl.col("period_start") < cut[1]) & (pl.col("period_end") == cut[1])
        periods = periods.with_columns(period_end=pl.when(held).then(pl.lit(cut[0])).otherwise("period_end"))
    last = pl.col("period_end") - pl.duration(days=1)
    match reach.period_agg:
        case "first":
            return periods.select("period_start", _anchor="period_start")
        case "average":
            days = pl.date_ranges("period_start", last, interval="1d")
            return periods.select("period_start", _anchor=days).explode("_anchor", empty_as_null=False)
        case _:
            return periods.select("period_start", _anchor=last)


def _days_reached(anchors: pl.DataFrame, reach: Reach, calendar: Calendar) -> pl.DataFrame:
    """Every day that lies within the reach of an anchor: period_start, _anchor, _day."""
    if reach.window:
        begin = _window_begin(reach.window)
    elif reach.to_date:
        column = "_anchor" if reach.to_date is Grain.day else f"{reach.to_date}_start"
        starts = calendar.days.select(_anchor="day", _begin=pl.col("day" if reach.to_date is Grain.day else column))
        anchors = anchors.join(starts, on="_anchor", how="left")
        begin = pl.col("_begin")
    else:
        first: date = calendar.days.get_column("day").min()  # type: ignore[assignment]  # a date column's minimum
        begin = pl.lit(first)
    days = pl.date_ranges(begin, pl.col("_anchor"), interval="1d")
    return anchors.select("period_start", "_anchor", _day=days).explode("_day", empty_as_null=False)


def _window_begin(window: Window) -> pl.Expr:
    """The first day of a window that ends with the anchor: 28 days are the anchor and the 27 days before it."""
    anchor = pl.col("_anchor")
    if window.grain is Grain.day:
        return anchor - timedelta(days=window.count - 1)
    if window.grain is Grain.week:
        return anchor - timedelta(weeks=window.count) + timedelta(days=1)
    months = window.count * {Grain.month: 1, Grain.quarter: 3, Grain.year: 12}[window.grain]
    return (anchor + timedelta(days=1)).dt.offset_by(f"-{months}mo")
