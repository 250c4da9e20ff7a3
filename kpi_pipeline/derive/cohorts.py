"""Retention: entities seen again some periods after their first, counted at their first row.

Partial results say on which days an entity was seen, and on which day before. In the calendar, such a day is the
entity's first in its period if the day before lies in an earlier one: so each entity counts once a period, whatever the
grain and the calendar.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from kpi_pipeline.calendar import Calendar
from kpi_pipeline.derive.additive import additive_values
from kpi_pipeline.derive.asked import Asked
from kpi_pipeline.derive.partials import Partials
from kpi_pipeline.derive.timeline import Timeline
from kpi_pipeline.periods import Grain
from kpi_pipeline.plan import Measure
from kpi_pipeline.plan.cohorts import PREVIOUS
from kpi_pipeline.plan.matching import SEEN


def cohort_values(asked: Sequence[Asked], partials: Partials) -> list[pl.LazyFrame]:
    """The values of each question: period_start, segment, a column a leaf."""
    return [additive_values([one], _told_apart(one, partials))[0] for one in asked]


def numbered_days(calendar: Calendar, grain: Grain) -> pl.DataFrame:
    """For every day the number of its period, counted from the calendar's first: day, number, in the order of days."""
    start = "day" if grain is Grain.day else f"{grain}_start"
    numbers = calendar.days.select(period_start=start).unique().sort("period_start").with_row_index("number")
    days = calendar.days.select(day="day", period_start=start)
    return days.join(numbers, on="period_start", how="left", maintain_order="left").select(
        "day", pl.col("number").cast(pl.Int32)
    )


def _told_apart(asked: Asked, partials: Partials) -> Partials:
    """The partial results with a column a measure that counts the entities of its ages."""
    reduction = partials.reduction(asked.measure)
    rows = partials.frames[reduction]
    grains = dict.fromkeys(one.ages.grain for one in asked.named.values() if one.ages)
    for grain in grains:
        rows = _with_ages(rows, grain, asked.timeline.calendar)
    columns = (_counted(one, asked.timeline).alias(one.column) for one in asked.named.values())
    return replace(partials, frames={reduction: rows.with_columns(columns)})


def _with_ages(rows: pl.LazyFrame, grain: Grain, calendar: Calendar) -> pl.LazyFrame:
    """The rows with the number of the cohort's period, and of those it was seen in and seen in before."""
    numbered = numbered_days(calendar, grain).lazy()
    for day, name in (("_day", "cohort"), (SEEN, "seen"), (PREVIOUS, "previous")):
        rows = rows.join(numbered.rename({"day": day, "number": f"_{name}_{grain}"}), on=day, how="left")
    return rows


def _counted(measure: Measure, timeline: Timeline) -> pl.Expr:
    """The entities a measure counts; none where they are too young to have been seen again."""
    ages = measure.ages
    if ages is None:
        return pl.col(measure.column)
    cohort = pl.col(f"_cohort_{ages.grain}")
    age = pl.col(f"_seen_{ages.grain}") - cohort
    before = (pl.col(f"_previous_{ages.grain}") - cohort).fill_null(-1)
    today = numbered_days(timeline.calendar, ages.grain).filter(pl.col("day") == timeline.newest_day)
    counts = age.is_between(ages.first, ages.last) & (before < ages.first)
    entities = pl.when(counts).then(pl.col(measure.stored.column).fill_null(0)).otherwise(0)
    return pl.when(cohort + ages.first <= today.get_column("number").item()).then(entities)
