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
from kpi_pipeline.derive.ages import SIZE, at_their_ages, known, numbered_days
from kpi_pipeline.derive.asked import Asked
from kpi_pipeline.derive.known_then import KNOWN
from kpi_pipeline.derive.partials import Partials
from kpi_pipeline.derive.timeline import Timeline
from kpi_pipeline.periods import Grain
from kpi_pipeline.plan import Measure
from kpi_pipeline.plan.cohorts import PREVIOUS
from kpi_pipeline.plan.matching import SEEN


def cohort_values(asked: Sequence[Asked], partials: Partials) -> list[pl.LazyFrame]:
    """The values of each question: period_start, segment, a column a leaf."""
    return [additive_values([one], _told_apart(one, partials))[0] for one in asked]


def _told_apart(asked: Asked, partials: Partials) -> Partials:
    """The partial results with a column a measure that counts the entities of its ages."""
    reduction = partials.reduction(asked.measure)
    rows = _with_known(known(partials.frames[reduction], asked.timeline), asked.timeline)
    grains = dict.fromkeys(one.ages.grain for one in asked.named.values() if one.ages)
    for grain in grains:
        rows = _with_numbers(rows, grain, asked.timeline.calendar)
    if asked.measure.ages and asked.measure.ages.each:
        rows = at_their_ages(rows, asked.measure.ages, asked.timeline)
    columns = (_counted(one).alias(one.column) for one in asked.named.values())
    return replace(partials, frames={reduction: rows.with_columns(columns)})


def _with_known(rows: pl.LazyFrame, timeline: Timeline) -> pl.LazyFrame:
    """The rows with the last day that is known of each; it is the newest one where nothing else is said."""
    if KNOWN in rows.collect_schema():
        return rows
    return rows.with_columns(pl.lit(timeline.newest_day).alias(KNOWN))


def _with_numbers(rows: pl.LazyFrame, grain: Grain, calendar: Calendar) -> pl.LazyFrame:
    """The rows with the numbers of the cohort's period, of those it was seen in and before, and of the last known."""
    numbered = numbered_days(calendar, grain).lazy()
    for day, name in (("_day", "cohort"), (SEEN, "seen"), (PREVIOUS, "previous"), (KNOWN, "known")):
        rows = rows.join(numbered.rename({"day": day, "number": f"_{name}_{grain}"}), on=day, how="left")
    return rows


def _counted(measure: Measure) -> pl.Expr:
    """The entities a measure counts; none of those that are too young to have been seen again."""
    ages = measure.ages
    if ages is None:
        return pl.col(measure.column)
    entities = pl.col(measure.stored.column).fill_null(0)
    if ages.each:
        return pl.when(pl.col(SIZE) == ages.whole).then(entities).otherwise(0)
    cohort = pl.col(f"_cohort_{ages.grain}")
    age = pl.col(f"_seen_{ages.grain}") - cohort
    before = (pl.col(f"_previous_{ages.grain}") - cohort).fill_null(-1)
    seen = pl.col(PREVIOUS).is_null() if ages.whole else age.is_between(ages.first, ages.last) & (before < ages.first)
    come_to_it = cohort + ages.first <= pl.col(f"_known_{ages.grain}")
    return pl.when(come_to_it).then(pl.when(seen).then(entities).otherwise(0))
