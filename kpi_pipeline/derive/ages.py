"""The ages of cohorts as rows of their own: which there are, and what of each is counted.

A cohort has an age from the first day of the period that lies so far after its own. So a period has the ages that its
first cohort has come to, and each of them is that of the cohorts which have come to it.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from kpi_pipeline.calendar import Calendar
from kpi_pipeline.derive.segments import SEGMENT, Segments
from kpi_pipeline.derive.timeline import PERIOD, Timeline
from kpi_pipeline.errors import InternalError
from kpi_pipeline.names import COHORT_AGE
from kpi_pipeline.periods import Grain
from kpi_pipeline.plan import Ages, Node, leaves
from kpi_pipeline.plan.cohorts import PREVIOUS
from kpi_pipeline.plan.matching import SEEN

SIZE = "_size"
"""Whether a row stands for entities that have come to an age, not for those that were seen at it."""


def numbered_days(calendar: Calendar, grain: Grain) -> pl.DataFrame:
    """For every day the number of its period, counted from the calendar's first: day, number, in the order of days."""
    start = "day" if grain is Grain.day else f"{grain}_start"
    numbers = calendar.days.select(period_start=start).unique().sort("period_start").with_row_index("number")
    days = calendar.days.select(day="day", period_start=start)
    return days.join(numbers, on="period_start", how="left", maintain_order="left").select(
        "day", pl.col("number").cast(pl.Int32)
    )


def newest_number(timeline: Timeline, grain: Grain) -> int:
    """The number of the period that the newest day lies in."""
    number: int = numbered_days(timeline.calendar, grain).filter(pl.col("day") == timeline.newest_day).item(0, "number")
    return number


def ages_told_apart(node: Node) -> Ages:
    """How the ages of a metric are counted when they are told apart."""
    for leaf in leaves(node):
        if leaf.measure.ages:
            return leaf.measure.ages.told_apart
    raise InternalError("A metric without cohorts was asked by their age.")


def number_of_ages(ages: Ages, timeline: Timeline, first_day: date) -> int:
    """How many ages there are: those that a cohort of the first day has come to, no older than the oldest wanted."""
    numbers = numbered_days(timeline.calendar, ages.grain)
    first: int = numbers.filter(pl.col("day") == first_day).item(0, "number")
    there = newest_number(timeline, ages.grain) - first + 1
    return there if ages.last is None else min(there, ages.last + 1)


def come_to_their_age(keys: pl.LazyFrame, ages: Ages, segments: Segments, timeline: Timeline) -> pl.LazyFrame:
    """The periods and segments whose age has begun, for the first cohort of the period at least."""
    numbers = numbered_days(timeline.calendar, ages.grain).select(pl.col("day").alias(PERIOD), _first="number")
    age = (pl.col(SEGMENT) % (segments.ages or 1)).cast(pl.Int64)
    begun = keys.join(numbers.lazy(), on=PERIOD).filter(pl.col("_first") + age <= newest_number(timeline, ages.grain))
    return begun.drop("_first")


def at_their_ages(rows: pl.LazyFrame, ages: Ages, timeline: Timeline) -> pl.LazyFrame:
    """Days on which entities were seen, each at its age; and the entities once an age that they have come to.

    `rows` have the numbers of the cohort's period, of the one they were seen in and of the one before that.
    """
    cohort, seen, before = (pl.col(f"_{name}_{ages.grain}") for name in ("cohort", "seen", "previous"))
    today = newest_number(timeline, ages.grain)
    oldest = today if ages.last is None else ages.last
    at_age = rows.filter((before.is_null() | (before < seen)) & (seen - cohort <= oldest))
    at_age = at_age.with_columns((seen - cohort).cast(pl.Int64).alias(COHORT_AGE), pl.lit(value=False).alias(SIZE))
    come_to = pl.int_ranges(0, pl.min_horizontal(today - cohort, pl.lit(oldest)).cast(pl.Int64) + 1)
    everybody = rows.filter(pl.col(PREVIOUS).is_null()).with_columns(
        come_to.alias(COHORT_AGE), pl.lit(value=True).alias(SIZE)
    )
    return pl.concat([at_age, everybody.explode(COHORT_AGE, empty_as_null=False)])


def known(rows: pl.LazyFrame, timeline: Timeline) -> pl.LazyFrame:
    """The days seen up to the newest one that counts; what came later is not known yet."""
    return rows.filter(pl.col(SEEN) <= timeline.newest_day)
