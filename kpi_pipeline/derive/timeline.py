"""A sheet's periods, and how days and earlier periods are found for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import reduce as fold_left

import polars as pl

from kpi_pipeline.calendar import Calendar
from kpi_pipeline.periods import Grain, Shift

PERIOD = "period_start"


@dataclass(frozen=True)
class Timeline:
    """The periods a sheet is about, and how days fall into them.

    `periods`: period_start, period_end, in order. `days`: _day, period_start. `newest_day`: the last day with data; a
    period that holds it is still filling up.
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

    @property
    def in_progress(self) -> date | None:
        """The start of the period that is still filling up; hours are over or not there yet."""
        if self.grain in (None, Grain.hour):
            return None
        filling = self.periods.filter(
            (pl.col(PERIOD) <= self.newest_day) & (pl.col("period_end") > max(self.newest_day, self.complete_before))
        )
        start: date | None = filling.get_column(PERIOD).item() if filling.height else None
        return start


def _step(sofar: pl.DataFrame, step: pl.DataFrame) -> pl.DataFrame:
    next_one = step.rename({PERIOD: "source_start", "source_start": "_source"})
    return (
        sofar.join(next_one, on="source_start", how="left", maintain_order="left")
        .drop("source_start")
        .rename({"_source": "source_start"})
    )
