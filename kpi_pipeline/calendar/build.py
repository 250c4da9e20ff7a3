"""Calendars made: the days by their kind, the periods from the days."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

import polars as pl

from kpi_pipeline.calendar.calendar import Calendar
from kpi_pipeline.calendar.ordinary import ordinary_days
from kpi_pipeline.calendar.retail import retail_days
from kpi_pipeline.calendar.rules import CalendarRules
from kpi_pipeline.calendar.table import table_days
from kpi_pipeline.periods import OF_DAYS, Grain, Window

A_LONG_YEAR = timedelta(days=400)
STARTS = tuple(f"{grain}_start" for grain in OF_DAYS)


@lru_cache(maxsize=32)
def build_calendar(first: date, last: date, rules: CalendarRules) -> Calendar:
    """The calendar of whole years around two days, with a margin of two years before and one after.

    That of a table is as long as the table.
    """
    if rules.table:
        named = table_days(rules, rules.table)
        end = named.get_column("day").item(-1)
        days = named
    else:
        start, end = date(first.year - 3, 1, 1), date(last.year + 2, 12, 31)
        if rules.retail:
            days = retail_days(start, end + A_LONG_YEAR, rules.retail)
        else:
            days = ordinary_days(start, end + A_LONG_YEAR, rules)
        named = days.filter(pl.col("day") >= date(first.year - 2, 1, 1))
    days, named = _passed_over(days, rules.timezone), _passed_over(named, rules.timezone)
    periods = pl.concat([_periods(named, grain, end, rules.timezone) for grain in OF_DAYS])
    kept = days.filter(pl.col("day") <= end).select("day", *STARTS)
    return _with_earlier(Calendar(rules, kept, periods))


def _passed_over(days: pl.DataFrame, zone: str) -> pl.DataFrame:
    """NOTE: a day that the clocks skipped (Apia, 30 December 2011) never was: what bears its date counts next day."""
    exists = _begins(zone, "day").is_not_null()
    return days.with_columns(day_start=pl.when(exists).then(pl.col("day")).backward_fill())


def _periods(days: pl.DataFrame, grain: Grain, end: date, zone: str) -> pl.DataFrame:
    """The periods of one grain that begin on or before a day; each ends where the next one begins."""
    table = (
        days.group_by(pl.col(f"{grain}_start").alias("period_start"), maintain_order=True)
        .agg(
            period_number=pl.col(f"{grain}_number").last(),
            year_number=pl.col(f"{grain}_year").last(),
            period_label=pl.col(f"{grain}_label").last(),
            _after=pl.col("day").max() + timedelta(days=1),
        )
        .sort("period_start")
        .with_columns(period_end=pl.col("period_start").shift(-1).fill_null(pl.col("_after")))
        .filter(pl.col("period_start") <= end)
    )
    return table.select(
        "period_start", "period_end", "period_label", "period_number", "year_number",
        last_day=pl.col("period_end") - timedelta(days=1),
        period_start_utc=_begins(zone, "period_start"),
        grain=pl.lit(grain.value),
        previous_start=pl.col("period_start").shift(1),
    )  # fmt: skip


def _begins(zone: str, day: str) -> pl.Expr:
    """The moment a day begins: midnight in the zone or, where the clocks skip it, the first moment after."""
    midnight = pl.col(day).cast(pl.Datetime("us"))
    exact = midnight.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    skipped = midnight.dt.offset_by("1h").dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return pl.coalesce(exact, skipped).dt.convert_time_zone("UTC")


def _with_earlier(calendar: Calendar) -> Calendar:
    """The calendar with the start of the same period a year before beside every period."""
    year = Window(1, Grain.year)
    ago = [calendar.earlier(grain, year).with_columns(grain=pl.lit(grain.value)) for grain in OF_DAYS]
    periods = calendar.periods.join(
        pl.concat(ago).rename({"source_start": "year_ago_start"}), on=["grain", "period_start"], maintain_order="left"
    )
    return Calendar(calendar.rules, calendar.days, periods)
