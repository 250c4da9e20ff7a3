"""The partial results as derive gets them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from kpi_pipeline.derive.seen import Answers, Elsewhere, Held, Seen
from kpi_pipeline.periods import Grain
from kpi_pipeline.plan import Measure, Reduction


@dataclass(frozen=True)
class Partials:
    """One frame a reduction: `_day`, the dimensions, and what the shape holds (see reduce), with the days they span.

    `spans` gives, by model and time column, the first and last day that any row has.
    """

    frames: Mapping[Reduction, pl.LazyFrame]
    spans: Mapping[tuple[str, str], tuple[date, date]]
    seen: Mapping[Reduction, Seen] = field(default_factory=dict)
    """What is read part by part instead of being held as a frame: keys and values."""
    answers: Answers | None = None
    """What is known of spans of days already; without it everything is computed."""
    elsewhere: Mapping[Reduction, Elsewhere] = field(default_factory=dict)
    """What is asked where the rows are: keys and values that are too many to be read."""

    def reduction(self, measure: Measure) -> Reduction:
        """The reduction that holds a measure; by day, unless it is only held by hour."""
        return min(self._holding(measure), key=lambda one: one.finest is Grain.hour)

    def hourly(self, measure: Measure) -> Reduction:
        """The reduction that holds a measure by hour."""
        return next(one for one in self._holding(measure) if one.finest is Grain.hour)

    def _holding(self, measure: Measure) -> list[Reduction]:
        return [
            one
            for one in (*self.frames, *self.seen, *self.elsewhere)
            if (one.model, one.time, one.shape) == (measure.model, measure.time, measure.shape)
            and one.measures[0].about == measure.about
        ]

    def begun(self, measure: Measure, newest_day: date) -> date:
        """The first day that any row of what a measure looks at has; the newest one where there is no row."""
        return self.spans.get((measure.model, measure.time), (newest_day, newest_day))[0]

    def up_to(self, newest_day: date, measure: Measure) -> pl.LazyFrame:
        """The frame that holds a measure, without days that lie beyond the newest one that counts."""
        return self.frames[self.reduction(measure)].filter(pl.col("_day") <= newest_day)

    def counted(self, newest_day: date, rows: Measure, breakdown: tuple[str, ...]) -> pl.LazyFrame:
        """The numbers of rows by the dimensions of a breakdown: some are asked only by day, some only by hour."""
        held = sorted(self._holding(rows), key=lambda one: one.finest is Grain.hour)
        found = next(one for one in held if set(breakdown) <= set(one.dimensions))
        return self.frames[found].filter(pl.col("_day") <= newest_day)

    def seen_of(self, reduction: Reduction) -> Seen:
        """The keys or values of a reduction."""
        return self.seen.get(reduction) or Held.of(self.frames[reduction].collect(), reduction.dimensions)
