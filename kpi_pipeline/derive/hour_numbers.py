"""Hours by their number in the calendar, so that those which follow one another do so whatever the clocks do."""

from __future__ import annotations

import polars as pl

from kpi_pipeline.calendar import Calendar
from kpi_pipeline.derive.asked import Asked
from kpi_pipeline.derive.partials import Partials
from kpi_pipeline.derive.timeline import PERIOD
from kpi_pipeline.plan import Measure

AT = "_at"
"""The number of an hour in the calendar, from 0."""
UNTIL = "_until"


def numbered_hours(calendar: Calendar) -> pl.DataFrame:
    """The calendar's hours with their numbers."""
    return calendar.hours.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias(AT))


def hours_wanted(asked: Asked, partials: Partials) -> pl.DataFrame:
    """The hours whose values are wanted, on days from the model's first to the newest: period_start, _at."""
    timeline = asked.timeline
    newest = timeline.newest_day
    begun = partials.begun(asked.measure, newest)
    hours = numbered_hours(timeline.calendar).filter(pl.col("day").is_between(begun, newest)).select(PERIOD, AT)
    return hours.join(timeline.periods, on=PERIOD, how="semi").sort(AT)


def placed(asked: Asked, measure: Measure, partials: Partials) -> pl.LazyFrame:
    """The partial results of a measure by hour and segment, with the number of the hour that each lies in."""
    timeline = asked.timeline
    found = partials.frames[partials.hourly(measure)].filter(pl.col("_day") <= timeline.newest_day)
    return asked.segments.attached(found).join(_numbers(found, "_hour", timeline.calendar), on="_hour")


def lasting_by_hour(asked: Asked, measure: Measure, partials: Partials) -> pl.LazyFrame:
    """The same of a stock, with numbers of hours in the place of days: `_day`, and `_until` where its rows end."""
    rows = placed(asked, measure, partials).drop("_day").rename({AT: "_day"})
    if UNTIL not in rows.collect_schema():
        return rows
    ends = _numbers(rows, UNTIL, asked.timeline.calendar)
    return rows.join(ends, on=UNTIL, how="left").drop(UNTIL).rename({AT: UNTIL})


def _numbers(rows: pl.LazyFrame, moment: str, calendar: Calendar) -> pl.LazyFrame:
    """The moments that occur in a column, with the numbers of the hours they lie in.

    NOTE: an hour of which the clocks skipped a part begins later than on the hour, so it is looked for, not matched.
    """
    hours = numbered_hours(calendar).select(AT, PERIOD).lazy()
    known = rows.select(moment).drop_nulls().unique().sort(moment)
    return known.join_asof(hours, left_on=moment, right_on=PERIOD).select(moment, AT)
