"""Look-ups of the period that lies a length of time before another, the same in every calendar.

Among periods of one grain a step back is a row back. A longer step leads to the same place in an earlier period: the
third month of the quarter before, the tenth week of last year, the 31st day of the month before (or its last).
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from kpi_pipeline.calendar.fits import fits
from kpi_pipeline.periods import Grain, Shift, ToGrain, Window

Periods = Mapping[Grain, pl.DataFrame]


def earlier(periods: Periods, days: pl.DataFrame, grain: Grain, back: Shift) -> pl.DataFrame:
    """For every period the one that lies so far before: period_start, source_start (null where there is none)."""
    if isinstance(back, ToGrain):
        return _at_the_start(periods, days, grain, back)
    return _a_window_before(periods, days, grain, back)


def _at_the_start(periods: Periods, days: pl.DataFrame, grain: Grain, back: ToGrain) -> pl.DataFrame:
    """The period that holds the first day of the longer period in which each one begins."""
    first = days.select(period_start="day", day=f"{back.grain}_start")
    found = first.join(days.select("day", source_start=f"{grain}_start"), on="day", how="left")
    return _looked_up(periods[grain], found)


def _a_window_before(periods: Periods, days: pl.DataFrame, grain: Grain, window: Window) -> pl.DataFrame:
    match grain, window.grain:
        case (Grain.day, _):
            return _looked_up(periods[grain], earlier_days(periods, days, window))
        case (Grain.week, Grain.day) if window.count % 7 == 0:
            return _rows_back(periods[grain], window.count // 7)
        case (Grain.week, Grain.month | Grain.quarter):
            found = earlier_days(periods, days, window).rename({"source_start": "day"})
            weeks = found.join(days.select("day", source_start="week_start"), on="day", how="left")
            return _looked_up(periods[grain], weeks)
        case (_, other) if other is grain:
            return _rows_back(periods[grain], window.count)
        case (_, Grain.year) if grain is not Grain.year:
            return _same_number(periods[grain], window.count)
        case (Grain.month, Grain.quarter):
            return _same_place(periods, days, window)
        case (Grain.quarter, Grain.month) | (Grain.year, Grain.month | Grain.quarter):
            finer = earlier(periods, days, window.grain, window)
            whole = finer.join(periods[grain].select(source_start="period_start"), on="source_start", how="semi")
            if fits(grain, window):
                return _looked_up(periods[grain], whole)
    raise ValueError(f"a {grain} cannot be moved by {window}")


def earlier_days(periods: Periods, days: pl.DataFrame, window: Window) -> pl.DataFrame:
    """For every day the one a window before: period_start, source_start.

    By months it is the day at the same place in its month or, where that month is shorter, the last day.
    """
    if window.grain in (Grain.day, Grain.week):
        back = window.count * (7 if window.grain is Grain.week else 1)
        return days.select(period_start="day", source_start=pl.col("day") - pl.duration(days=back))
    months = periods[Grain.month]
    moved = earlier(periods, days, Grain.month, window).rename({"period_start": "month_start"})
    ends = months.select(source_start="period_start", last="last_day")
    place = pl.col("day") - pl.col("month_start")
    return (
        days.select("day", "month_start")
        .join(moved, on="month_start", how="left", maintain_order="left")
        .join(ends, on="source_start", how="left", maintain_order="left")
        .select(period_start="day", source_start=pl.min_horizontal(pl.col("source_start") + place, "last"))
    )


def _rows_back(periods: pl.DataFrame, steps: int) -> pl.DataFrame:
    return periods.select("period_start", source_start=pl.col("period_start").shift(steps))


def _looked_up(periods: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    starts = periods.select("period_start")
    return starts.join(found, on="period_start", how="left", maintain_order="left").select(
        "period_start", "source_start"
    )


def _same_number(periods: pl.DataFrame, years: int) -> pl.DataFrame:
    """The period of the same number some years before; a 53rd week has none in a year of 52."""
    ago = periods.select("period_number", source_start="period_start", year_number=pl.col("year_number") + years)
    found = periods.join(ago, on=["year_number", "period_number"], how="left")
    return _looked_up(periods, found.select("period_start", "source_start"))


def _same_place(periods: Periods, days: pl.DataFrame, window: Window) -> pl.DataFrame:
    """The month at the same place in an earlier quarter."""
    starts = days.select(period_start="day", quarter="quarter_start")
    months = periods[Grain.month].select("period_start").join(starts, on="period_start", how="left")
    months = months.with_columns(place=pl.int_range(pl.len()).over("quarter"))
    moved = _rows_back(periods[Grain.quarter], window.count).rename({"period_start": "quarter"})
    sources = months.rename({"period_start": "found", "quarter": "source_start"})
    found = (
        months.join(moved, on="quarter", how="left")
        .join(sources, on=["source_start", "place"], how="left")
        .select("period_start", source_start="found")
    )
    return _looked_up(periods[Grain.month], found)
