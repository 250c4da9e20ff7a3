"""How far a source's rows reach in time: the newest of them, the days a load touched, until when they are complete."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
from sqlglot import expressions as exp

from kpi_pipeline.calendar import CalendarRules, build_calendar
from kpi_pipeline.ingest.loading import Loading
from kpi_pipeline.periods import Grain, shift_day
from kpi_pipeline.plan import Executor
from kpi_pipeline.project import Settings
from kpi_pipeline.sources import Source
from kpi_pipeline.sql_parts import INSTANT, sql_day, sql_in_zone

ZONED = "TIMESTAMP WITH TIME ZONE"
SLACK = timedelta(days=2)


@dataclass(frozen=True)
class Reach:
    """The newest row's cursor value and business day, and how many rows lie in the future."""

    newest: datetime | date | None = None
    newest_day: date | None = None
    future_rows: int = 0
    furthest_day: date | None = None


def business_day(load: Loading, cursor_type: str) -> exp.Expr | None:
    """The business day of the cursor: of a naive moment in the source's zone, of a zoned one, or a date as it is.

    None where the source has no cursor or it is no time (a number that only orders rows).
    """
    if load.source.load.cursor is None:
        return None
    cursor: exp.Expr = exp.column(load.source.load.cursor, quoted=True)
    here = load.project.settings.timezone
    if cursor_type == "DATE":
        return cursor
    if cursor_type == ZONED:
        return exp.cast(sql_in_zone(cursor, here), "DATE")
    if not cursor_type.startswith("TIMESTAMP"):
        return None
    if load.zone != here:
        cursor = sql_in_zone(sql_in_zone(cursor, load.zone, gives=INSTANT), here)
    return exp.cast(cursor, "DATE")


def reach_of(load: Loading, rows: exp.Expr, day: exp.Expr) -> Reach:
    """The newest row that is not in the future: a date mistyped as 2099 must not make every day look complete.

    Where all rows are in the future, nothing is complete before the first of them.
    """
    today = load.now.astimezone(ZoneInfo(load.project.settings.timezone)).date()
    cursor = exp.column(load.source.load.cursor or "", quoted=True)
    newest = exp.select(exp.alias_(cursor, "moment"), exp.alias_(day, "business_day")).from_(rows)
    if since := _surely_past(load, rows, today):
        newest = newest.where(cursor.copy() >= sql_day(since))
    days = newest.subquery("days")
    past = exp.column("business_day") <= exp.convert(today)
    future = exp.column("business_day") > exp.convert(today)
    found = load.executor.rows(
        exp.select(
            exp.Coalesce(this=_where("max", "moment", past), expressions=[_call("min", "moment")]),
            exp.Coalesce(this=_where("max", "business_day", past), expressions=[_call("min", "business_day")]),
            _where("count", "business_day", future),
            _call("max", "business_day"),
        ).from_(days)
    )[0]
    return Reach(newest=found[0], newest_day=found[1], future_rows=int(found[2]), furthest_day=found[3])


def _surely_past(load: Loading, rows: exp.Expr, today: date) -> date | None:
    """A day before which no row is the newest; None if all rows have to be asked.

    NOTE: another zone moves a moment by a day at most, so rows two days older than one that is past by two
    days need not be converted, which over ten million rows takes longer than loading a day.
    """
    cursor = exp.column(load.source.load.cursor or "", quoted=True)
    limit = sql_day(today - SLACK)
    query = exp.select(exp.cast(exp.Max(this=cursor), "DATE")).from_(rows).where(cursor.copy() < limit)
    newest: date | None = load.executor.rows(query)[0][0]
    return max(newest, date.min + SLACK) - SLACK if newest else None


def days_touched(executor: Executor, day: exp.Expr, pieces: list[exp.Select]) -> tuple[date, date] | None:
    """First and last business day of the rows in all pieces; None if there are none, or if one has no day."""
    lowest: list[date] = []
    highest: list[date] = []
    for piece in pieces:
        query = exp.select(exp.Count(this=exp.Star()), _call("count", "d"), _call("min", "d"), _call("max", "d")).from_(
            piece.select(exp.alias_(day.copy(), "d"), append=False).subquery("days")
        )
        rows, dated, first, last = executor.rows(query)[0]
        if rows != dated:
            return None
        if rows:
            lowest.append(first)
            highest.append(last)
    return (min(lowest), max(highest)) if lowest else None


def complete_before(source: Source, settings: Settings, newest_day: date | None) -> date | None:
    """The first day that may still change, by the project's weeks, months and years.

    NOTE: those of a calendar kept in a table are not known while sources are loaded; see `first_open_day`.
    """
    return first_open_day(source, settings.calendar_rules(), newest_day)


def first_open_day(source: Source, rules: CalendarRules, newest_day: date | None) -> date | None:
    """The first day that may still change.

    By default the day of the newest row is in progress. At a coarser grain the rows name whole periods, so the newest
    row's period counts as complete. A delay holds back that much more.
    """
    if newest_day is None:
        return None
    through = source.complete_through
    by_day = through.grain is Grain.day
    end = newest_day if by_day else last_day_named(source, rules, newest_day) + timedelta(days=1)
    return shift_day(end, through.delay) if through.delay else end


def last_day_named(source: Source, rules: CalendarRules, newest_day: date) -> date:
    """The last day of the period that a row of a day names: the day itself, or the end of its month."""
    grain = source.complete_through.grain
    return newest_day if grain is Grain.day else _next_period(newest_day, grain, rules) - timedelta(days=1)


def _next_period(day: date, grain: Grain, rules: CalendarRules) -> date:
    """The first day of the period after the one that a day is in."""
    calendar = build_calendar(day, day, rules)
    start = calendar.start_of(day, grain)
    end: date = calendar.of(grain).filter(pl.col("period_start") == start).get_column("period_end").item()
    return end


def _call(function: str, column: str) -> exp.Expr:
    return exp.Anonymous(this=function, expressions=[exp.column(column)])


def _where(function: str, column: str, condition: exp.Expr) -> exp.Expr:
    return exp.Filter(this=_call(function, column), expression=exp.Where(this=condition))
