"""A calendar whose periods are over early: each ends with a day of it, and the days after that are in none."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from kpi_pipeline.calendar.calendar import Calendar
from kpi_pipeline.periods import DayGrain, Grain, Shift, Window


@dataclass(frozen=True)
class CutShort(Calendar):
    """A calendar with the periods of one grain cut short; windows and days are those of the whole one."""

    whole: Calendar

    def earlier(self, grain: Grain, back: Shift) -> pl.DataFrame:
        """For every period the one that lies so far before; days are moved as in whole periods."""
        return self.whole.earlier(grain, back) if grain is Grain.day else super().earlier(grain, back)

    def trailing(self, window: Window) -> pl.DataFrame:
        """For every day the first one of a window that ends with it."""
        return self.whole.trailing(window)


def cut_short(calendar: Calendar, grain: DayGrain, last_days: pl.DataFrame) -> Calendar:
    """The calendar with only those periods of a grain that are given, each until its day: period_start, cut.

    So a metric's value in such a period is what the whole period's was when that day was over.
    """
    cuts = last_days.select("period_start", "cut")
    theirs = pl.col("grain") == grain.value
    end = pl.col("cut") + pl.duration(days=1)
    kept = (
        calendar.periods.filter(theirs)
        .join(cuts, on="period_start", how="inner", maintain_order="left")
        .with_columns(period_end=end, last_day="cut")
        .drop("cut")
    )
    start = f"{grain}_start"
    days = calendar.days.join(
        cuts.rename({"period_start": start}), on=start, how="left", maintain_order="left"
    ).with_columns(pl.when(pl.col("day") <= pl.col("cut")).then(start).alias(start))
    others = calendar.periods.filter(~theirs)
    return CutShort(calendar.rules, days.drop("cut"), pl.concat([others, kept]), calendar)
