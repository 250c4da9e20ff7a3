"""When the numbers of a period are final: when it is over and, for conversions and cohorts, when nobody can follow."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time

import polars as pl

from kpi_pipeline.derive.cohorts import numbered_days
from kpi_pipeline.derive.timeline import PERIOD, Timeline
from kpi_pipeline.periods import Grain, Shift, Window
from kpi_pipeline.plan import Ages, Leaf, Matching, Measure, Node, leaves

END = "_end"


def complete_periods(nodes: Iterable[tuple[str, Node]], timeline: Timeline) -> pl.DataFrame:
    """For every period and named node whether its numbers are final: period_start, a column a node."""
    over = timeline.periods.get_column("period_end") <= timeline.complete_before
    columns = []
    for name, node in nodes:
        complete = over
        for measure, offsets in dict.fromkeys((leaf.measure, leaf.offsets) for leaf in leaves(node) if _waits(leaf)):
            complete = complete & _mature(measure, offsets, timeline)
        columns.append(complete.alias(name))
    return timeline.periods.select(PERIOD, *columns)


def _waits(leaf: Leaf) -> bool:
    """Whether a leaf's numbers may still grow when its period is over."""
    events = leaf.measure.events
    return leaf.measure.ages is not None or (isinstance(events, Matching) and events.window is not None)


def _mature(measure: Measure, offsets: tuple[Shift, ...], timeline: Timeline) -> pl.Series:
    """For every period whether all that belongs to it, or to the earlier one looked at, can have happened."""
    ends = timeline.periods.select(PERIOD, pl.col("period_end").alias(END))
    if offsets and timeline.grain:
        earlier = timeline.calendar.of(timeline.grain).select(source_start=PERIOD, _end="period_end")
        ends = timeline.earlier(offsets).join(earlier, on="source_start", how="left", maintain_order="left")
    if measure.ages:
        final = _end_of_age(ends, measure.ages, timeline)
    elif isinstance(measure.events, Matching) and measure.events.window:
        # NOTE: as moments, because a window of hours reaches into the next day.
        final = ends.get_column(END).cast(pl.Datetime).dt.offset_by(_duration(measure.events.window))
    # NOTE: what has no earlier period has no value to wait for.
    until = datetime.combine(timeline.complete_before, time.min)
    return (final.cast(pl.Datetime) <= until) | ends.get_column(END).is_null()


def _end_of_age(ends: pl.DataFrame, ages: Ages, timeline: Timeline) -> pl.Series:
    """The end of the period in which the last cohort of each period reaches the age, looked up in the calendar."""
    numbered = numbered_days(timeline.calendar, ages.grain)
    after = numbered.group_by("number").agg(final=pl.col("day").max() + pl.duration(days=1))
    cohort = ends.select(day=pl.col(END) - pl.duration(days=1)).join(
        numbered, on="day", how="left", maintain_order="left"
    )
    later = cohort.select(number=pl.col("number") + ages.last)
    return later.join(after, on="number", how="left", maintain_order="left").get_column("final").fill_null(date.max)


def _duration(window: Window) -> str:
    unit = {Grain.hour: "h", Grain.day: "d", Grain.week: "w", Grain.month: "mo", Grain.quarter: "q", Grain.year: "y"}
    return f"{window.count}{unit[window.grain]}"
