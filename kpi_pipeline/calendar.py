"""The business calendar: every period of every grain as a row of one table.

Offsets, previous periods, last year and fiscal years are look-ups here, never date arithmetic in a metric.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache

import polars as pl

from kpi_pipeline.periods import Grain, Window, shift_day

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
MONTHS_IN = {Grain.month: 1, Grain.quarter: 3, Grain.year: 12}


@dataclass(frozen=True)
class CalendarRules:
    """On which weekday a week begins, in which month a year begins, and in which zone a day begins."""

    week_start: str = "monday"
    year_start: str = "january"
    timezone: str = "UTC"

    @property
    def weekday(self) -> int:
        """1 for Monday to 7 for Sunday."""
        return WEEKDAYS.index(self.week_start) + 1

    @property
    def month(self) -> int:
        """1 for January to 12 for December."""
        return MONTHS.index(self.year_start) + 1


@dataclass(frozen=True)
class Calendar:
    """All days from the first to the last, and all periods they fill.

    `days`: day and the start of the week, month, quarter and year it is in. `periods`: grain, period_start, period_end
    (not included), last_day, period_label, period_start_utc (the moment it begins), period_number (within its year),
    year_number, previous_start, year_ago_start.
    """

    rules: CalendarRules
    days: pl.DataFrame
    periods: pl.DataFrame

    def of(self, grain: Grain) -> pl.DataFrame:
        """The periods of one grain, in order."""
        return self._by_grain[grain]

    @cached_property
    def _by_grain(self) -> dict[Grain, pl.DataFrame]:
        return {grain: self.periods.filter(pl.col("grain") == grain.value).drop("grain") for grain in Grain}

    def start_of(self, day: date, grain: Grain) -> date:
        """The first day of the period a day is in."""
        found = self.days.filter(pl.col("day") == day).get_column(f"{grain}_start")
        start: date = found.item()
        return start

    @property
    def names(self) -> pl.DataFrame:
        """What a value's period is called, and when it begins and ends, by grain and period_start."""
        return self.periods.select(
            "grain", "period_start", "period_end", "last_day", "period_label", "period_start_utc"
        )

    def covers(self, day: date) -> bool:
        """Whether the calendar has the day."""
        return not self.days.filter(pl.col("day") == day).is_empty()

    def earlier(self, grain: Grain, window: Window) -> pl.DataFrame:
        """For every period the one a window before: period_start, source_start (null where there is none).

        Weeks a year apart are those of the same ISO number; a day a month before 31 March is the last of February.
        """
        periods = self.of(grain)
        match grain, window.grain:
            case (Grain.week, Grain.year):
                return self._weeks_years_ago(window.count)
            case (Grain.day, _):
                source = pl.col("period_start").dt.offset_by(f"-{_polars_duration(window)}")
                return periods.select("period_start", source_start=source)
            case (Grain.week, Grain.day) if window.count % 7 == 0:
                steps = window.count // 7
            case (Grain.week, Grain.month | Grain.quarter):
                moved = pl.col("period_start").dt.offset_by(f"-{_polars_duration(window)}")
                starts = self.days.select(day="day", source_start="week_start")
                return periods.select("period_start", day=moved).join(starts, on="day", how="left").drop("day")
            case (_, other) if other is grain:
                steps = window.count
            case (_, other) if other in MONTHS_IN and grain in MONTHS_IN and fits(grain, window):
                steps = window.count * MONTHS_IN[other] // MONTHS_IN[grain]
            case _:
                raise ValueError(f"a {grain} cannot be moved by {window}")
        return periods.select("period_start", source_start=pl.col("period_start").shift(steps))

    def _weeks_years_ago(self, years: int) -> pl.DataFrame:
        weeks = self.of(Grain.week).select("period_start", "year_number", "period_number")
        earlier = weeks.select("period_number", source_start="period_start", year_number=pl.col("year_number") + years)
        return weeks.join(earlier, on=["year_number", "period_number"], how="left", maintain_order="left").select(
            "period_start", "source_start"
        )

    def counterpart(self, day: date, grain: Grain, window: Window, start: date, source_start: date) -> date:
        """The day of an earlier period up to which it is compared with a period in progress that has come to `day`."""
        if grain in MONTHS_IN and window.grain in MONTHS_IN:
            return shift_day(day, window)
        return source_start + (day - start)


def fits(grain: Grain, window: Window) -> bool:
    """Whether every period of a grain has one that lies the window before it.

    >>> fits(Grain.week, Window(1, Grain.year)), fits(Grain.week, Window(28, Grain.day))
    (True, True)
    >>> fits(Grain.month, Window(28, Grain.day))
    False
    >>> fits(Grain.quarter, Window(3, Grain.month)), fits(Grain.quarter, Window(1, Grain.month))
    (True, False)
    """
    if grain is Grain.week and window.grain is Grain.day:
        return window.count % 7 == 0
    if grain in MONTHS_IN and window.grain in MONTHS_IN:
        return window.count * MONTHS_IN[window.grain] % MONTHS_IN[grain] == 0
    return window.grain.rank >= grain.rank


@lru_cache(maxsize=32)
def build_calendar(first: date, last: date, rules: CalendarRules) -> Calendar:
    """The calendar of whole years around two days, with a margin of two years before and one after."""
    start = date(first.year - 3, 1, 1)
    end = date(last.year + 2, 12, 31)
    days = pl.DataFrame({"day": pl.date_range(start, end, interval="1d", eager=True)}).with_columns(
        week_start=_week_start(rules),
        month_start=pl.col("day").dt.month_start(),
        quarter_start=_months_start(rules, 3),
        year_start=_months_start(rules, 12),
    )
    whole = days.filter(pl.col("day") >= date(first.year - 2, 1, 1))
    periods = pl.concat([_periods(whole, grain, rules) for grain in Grain])
    return Calendar(rules, days, periods)


def _week_start(rules: CalendarRules) -> pl.Expr:
    back = (pl.col("day").dt.weekday().cast(pl.Int32) - rules.weekday + 7) % 7
    return pl.col("day") - pl.duration(days=back)


def _months_start(rules: CalendarRules, length: int) -> pl.Expr:
    """The first day of the block of `length` months, counted from the month a year begins with."""
    month = pl.col("day").dt.month().cast(pl.Int32)
    back = (month - rules.month + 12) % length if length < 12 else (month - rules.month + 12) % 12
    return pl.col("day").dt.month_start().dt.offset_by(pl.format("-{}mo", back))


def _periods(days: pl.DataFrame, grain: Grain, rules: CalendarRules) -> pl.DataFrame:
    start = "day" if grain is Grain.day else f"{grain}_start"
    table = (
        days.group_by(pl.col(start).alias("period_start"), maintain_order=True)
        .agg(last_day=pl.col("day").max())
        .sort("period_start")
    )
    # NOTE: the first and last group may hold only a part of their days: ends follow from the grain, not from the rows.
    table = table.with_columns(last_day=_last_day(grain))
    table = table.with_columns(
        period_end=pl.col("last_day") + pl.duration(days=1), **_numbers(grain, rules)
    ).with_columns(
        period_label=_label(grain, rules), grain=pl.lit(grain.value), period_start_utc=_begins(rules.timezone)
    )
    table = table.with_columns(previous_start=pl.col("period_start").shift(1), year_ago_start=_year_ago(grain))
    return table.select(
        "grain", "period_start", "period_end", "last_day", "period_label", "period_start_utc", "period_number",
        "year_number", "previous_start", "year_ago_start",
    )  # fmt: skip


def _last_day(grain: Grain) -> pl.Expr:
    length = {Grain.day: "1d", Grain.week: "7d", Grain.month: "1mo", Grain.quarter: "3mo", Grain.year: "12mo"}[grain]
    return pl.col("period_start").dt.offset_by(length) - pl.duration(days=1)


def _begins(zone: str) -> pl.Expr:
    """The moment a day begins: midnight in the zone or, where the clocks skip it, the first moment after."""
    midnight = pl.col("period_start").cast(pl.Datetime("us"))
    exact = midnight.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    skipped = midnight.dt.offset_by("1h").dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return pl.coalesce(exact, skipped).dt.convert_time_zone("UTC")


def _numbers(grain: Grain, rules: CalendarRules) -> dict[str, pl.Expr]:
    start = pl.col("period_start")
    if grain is Grain.week:
        # NOTE: a week belongs to the year that holds most of its days: its fourth day decides (ISO 8601).
        middle = start + pl.duration(days=3)
        return {"period_number": middle.dt.week().cast(pl.Int64), "year_number": middle.dt.iso_year().cast(pl.Int64)}
    since = (start.dt.month().cast(pl.Int64) - rules.month + 12) % 12
    ends_later = pl.lit(0 if rules.month == 1 else 1) * (start.dt.month() >= rules.month).cast(pl.Int64)
    number = {
        Grain.day: start.dt.ordinal_day().cast(pl.Int64),
        Grain.month: since + 1,
        Grain.quarter: since // 3 + 1,
        Grain.year: pl.lit(1, pl.Int64),
    }[grain]
    return {"period_number": number, "year_number": start.dt.year().cast(pl.Int64) + ends_later}


def _label(grain: Grain, rules: CalendarRules) -> pl.Expr:
    year = pl.format("{}{}", pl.lit("" if rules.month == 1 else "FY"), pl.col("year_number"))
    match grain:
        case Grain.day:
            return pl.col("period_start").dt.strftime("%Y-%m-%d")
        case Grain.week:
            number = pl.col("period_number").cast(pl.String).str.zfill(2)
            return pl.format("{}-W{}", pl.col("year_number"), number)
        case Grain.month:
            return pl.col("period_start").dt.strftime("%Y-%m")
        case Grain.quarter:
            return pl.format("{}-Q{}", year, pl.col("period_number"))
        case Grain.year:
            return year


def _year_ago(grain: Grain) -> pl.Expr:
    start = pl.col("period_start")
    if grain is Grain.week:
        years = pl.col("year_number")
        weeks = pl.col("period_number")
        # NOTE: 52 or 53 weeks back, whichever has the same number; a week 53 has none in a year of 52.
        same_52 = (years.shift(52) == years - 1) & (weeks.shift(52) == weeks)
        same_53 = (years.shift(53) == years - 1) & (weeks.shift(53) == weeks)
        return pl.when(same_52).then(start.shift(52)).when(same_53).then(start.shift(53))
    return start.dt.offset_by("-1y")


def _polars_duration(window: Window) -> str:
    unit = {Grain.day: "d", Grain.week: "w", Grain.month: "mo", Grain.quarter: "q", Grain.year: "y"}[window.grain]
    return f"{window.count}{unit}"
