"""The calendar: days, periods, and the periods that lie before them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import polars as pl

from kpi_pipeline.calendar.earlier import earlier, earlier_days
from kpi_pipeline.calendar.hours import earlier_hours, hours_of
from kpi_pipeline.calendar.rules import CalendarRules
from kpi_pipeline.periods import OF_DAYS, Grain, Shift, Window

NAMES = ("period_end", "last_day", "period_label", "period_start_utc")
"""What is known of a period beside its start."""


@dataclass(frozen=True)
class Calendar:
    """All days from the first to the last, and all periods they fill.

    `days`: day and the start of the day, week, month, quarter and year it is in (a day that the clocks of its zone
    skipped is in the next one). `periods`: grain, period_start, period_end (not included), last_day, period_label,
    period_start_utc (the moment it begins), period_number (within its year), year_number, previous_start,
    year_ago_start.
    """

    rules: CalendarRules
    days: pl.DataFrame
    periods: pl.DataFrame

    def of(self, grain: Grain) -> pl.DataFrame:
        """The periods of one grain, in order; an hour's period_start is the moment it begins."""
        return self.hours if grain is Grain.hour else self._by_grain[grain]

    @cached_property
    def _by_grain(self) -> dict[Grain, pl.DataFrame]:
        return {grain: self.periods.filter(pl.col("grain") == grain.value).drop("grain") for grain in OF_DAYS}

    @cached_property
    def hours(self) -> pl.DataFrame:
        """The hours of all days, made when first asked for; see `hours_of`."""
        return hours_of(self._by_grain[Grain.day], self.rules.timezone)

    def start_of(self, day: date, grain: Grain) -> date:
        """The first day of the period a day is in; for hours, the day itself."""
        grain = Grain.day if grain is Grain.hour else grain
        start: date = self.days.filter(pl.col("day") == day).get_column(f"{grain}_start").item()
        return start

    def named(self, values: pl.DataFrame, grain: Grain) -> pl.DataFrame:
        """The values of a grain's periods with what each is called, its business days and the moment it begins."""
        names = self.of(grain).select("period_start", *NAMES)
        if grain is not Grain.hour:
            return values.join(names, on="period_start", how="left")
        days = self.hours.select(period_start_utc="period_start", period_start="day")
        moments = values.join(names, on="period_start", how="left").drop("period_start")
        return moments.join(days, on="period_start_utc", how="left")

    def covers(self, day: date) -> bool:
        """Whether the calendar has the day."""
        return not self.days.filter(pl.col("day") == day).is_empty()

    def earlier(self, grain: Grain, back: Shift) -> pl.DataFrame:
        """For every period the one that lies so far before: period_start, source_start (null where there is none).

        Weeks a year apart are those of the same number; a day a month before 31 March is the last of February.
        """
        known = self._looked_up.get((grain, back))
        if known is None:
            if grain is Grain.hour:
                by_days = isinstance(back, Window) and back.grain is not Grain.hour
                days = self.earlier(Grain.day, back) if by_days else None
                known = earlier_hours(self.hours, self.days, days, back)
            else:
                known = earlier(self._by_grain, self.days, grain, back)
            self._looked_up[grain, back] = known
        return known

    @cached_property
    def _looked_up(self) -> dict[tuple[Grain, Shift], pl.DataFrame]:
        return {}

    def trailing(self, window: Window) -> pl.DataFrame:
        """For every day the first one of a window that ends with it: day, begin.

        28 days are the day and the 27 before it; 1 month is all of a month when the day is its last.
        """
        if window not in self._trailing:
            self._trailing[window] = self._begun_by(window)
        return self._trailing[window]

    @cached_property
    def _trailing(self) -> dict[Window, pl.DataFrame]:
        return {}

    def _begun_by(self, window: Window) -> pl.DataFrame:
        first, last = self.days.get_column("day").item(0), self.days.get_column("day").item(-1)
        begun = self.start_of(last, window.grain)
        moved = earlier_days(self._by_grain, self.days, window).select(
            day=pl.col("period_start") - timedelta(days=1), begin="source_start"
        )
        # NOTE: no day follows the last one; it is taken for the end of its period.
        if window.count > 1:
            back = self.earlier(window.grain, Window(window.count - 1, window.grain))
            begun = back.filter(pl.col("period_start") == begun).get_column("source_start").item()
        end = pl.DataFrame({"day": [last], "begin": [begun]}, schema={"day": pl.Date, "begin": pl.Date})
        found = pl.concat([moved.filter(pl.col("day") >= first), end])
        return found.with_columns(pl.col("begin").fill_null(first))

    def counterpart(self, day: date, grain: Grain, window: Window, start: date, source_start: date) -> date:
        """The day of an earlier period up to which it is compared with a period in progress that has come to `day`."""
        if window.grain in (Grain.month, Grain.quarter, Grain.year) and grain is not Grain.week:
            moved = self.earlier(Grain.day, window)
            found = moved.filter(pl.col("period_start") == day).get_column("source_start").to_list()
            if found and found[0]:
                same: date = found[0]
                return same
        return source_start + (day - start)
