"""A sheet's periods, and how days and earlier periods are found for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce as fold_left

import polars as pl

from kpi_pipeline.calendar import Calendar
from kpi_pipeline.periods import Grain, Shift, Window

PERIOD = "period_start"


@dataclass(frozen=True)
class Timeline:
    """The periods a sheet is about, and how days fall into them.

    `periods`: period_start, period_end, in order. `days`: _day, period_start, for every day of the calendar, so that
    earlier periods can be looked up. `newest_day`: the last day with data; a period that holds it is still filling up.
    """

    grain: Grain | None
    calendar: Calendar
    periods: pl.DataFrame
    days: pl.DataFrame
    newest_day: date
    complete_before: date

    def earlier(self, offsets: tuple[Shift, ...]) -> pl.DataFrame:
        """For every period the one that all the offsets lead back to: period_start, source_start."""
        if self.grain is None:
            raise ValueError("a total over all time has no earlier period")
        grain = self.grain
        steps = [self.calendar.earlier(grain, back) for back in offsets]
        first = self.periods.select(PERIOD, source_start=PERIOD)
        return fold_left(_step, steps, first)

    def cut(self, offsets: tuple[Shift, ...]) -> tuple[date, date] | None:
        """The days of the earlier period that the one in progress has not come to yet: from, to (not included).

        A period in progress is compared with the same elapsed span of the earlier one. What a longer period began with
        is the same for all periods in it, and whole.
        """
        windows = [back for back in offsets if isinstance(back, Window)]
        if self.grain in (None, Grain.hour) or len(windows) < len(offsets):
            return None
        current = self.periods.filter((pl.col(PERIOD) <= self.newest_day) & (pl.col("period_end") > self.newest_day))
        if current.is_empty() or current.get_column("period_end").item() <= self.complete_before:
            return None
        start: date = current.get_column(PERIOD).item()
        day = self.newest_day
        for window in windows:
            steps = self.calendar.earlier(self.grain, window)
            source = steps.filter(pl.col(PERIOD) == start).get_column("source_start").item()
            if source is None:
                return None
            day = self.calendar.counterpart(day, self.grain, window, start, source)
            start = source
        periods = self.calendar.of(self.grain)
        end: date = periods.filter(pl.col(PERIOD) == start).get_column("period_end").item()
        return (day + timedelta(days=1), end) if day + timedelta(days=1) < end else None


def _step(sofar: pl.DataFrame, step: pl.DataFrame) -> pl.DataFrame:
    next_one = step.rename({PERIOD: "source_start", "source_start": "_source"})
    return (
        sofar.join(next_one, on="source_start", how="left", maintain_order="left")
        .drop("source_start")
        .rename({"_source": "source_start"})
    )
