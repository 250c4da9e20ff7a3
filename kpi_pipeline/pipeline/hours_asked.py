"""Questions that begin or end with an hour."""

from __future__ import annotations

from datetime import date

import polars as pl

from kpi_pipeline.calendar import Calendar
from kpi_pipeline.errors import QueryError
from kpi_pipeline.periods import Grain, first_day_named, hour_named


def refuse_hours_of(grain: Grain | None, start: str | None, end: str | None) -> None:
    """An hour begins or ends nothing but hours."""
    for option, text in (("from", start), ("to", end)):
        if text and hour_named(text) is not None and grain is not Grain.hour:
            raise QueryError(
                f"'{text}' ({option}) names an hour, but {f'{grain}s are' if grain else 'a total is'} asked for.\n"
                f"Hint: ask with --grain hour, or name the day: {text[:10]}"
            )
    if start and end and (first := _hour(start)) and (last := _hour(end)) and first > last:
        raise QueryError(f"'{start}' (from) lies after '{end}' (to).\nHint: exchange the two.")


def within_hours(table: pl.DataFrame, calendar: Calendar, start: str | None, end: str | None) -> pl.DataFrame:
    """The rows from the hour that `start` names to the one that `end` names, as the clock of the project shows them."""
    day, hour = pl.col("day"), pl.col("hour")
    hours = calendar.hours
    if start and (named := _hour(start)):
        hours = hours.filter((day > named[0]) | ((day == named[0]) & (hour >= named[1])))
    if end and (named := _hour(end)):
        hours = hours.filter((day < named[0]) | ((day == named[0]) & (hour <= named[1])))
    return table.join(hours.select("period_start"), on="period_start", how="semi")


def _hour(text: str) -> tuple[date, int] | None:
    """The day and the hour that a text names; None where it names a longer period."""
    hour = hour_named(text)
    return None if hour is None else (first_day_named(text), hour)
