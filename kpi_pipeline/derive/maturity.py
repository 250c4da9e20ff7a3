"""When the numbers of a period are final: when it is over and, for conversions and cohorts, when nobody can follow."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time

import polars as pl

from kpi_pipeline.derive.ages import numbered_days
from kpi_pipeline.derive.timeline import PERIOD, Timeline
from kpi_pipeline.names import COHORT_AGE
from kpi_pipeline.periods import Grain, Shift, Window
from kpi_pipeline.plan import Ages, Leaf, Matching, Measure, Node, leaves


def with_completeness(sheet: pl.LazyFrame, nodes: Mapping[str, Node], timeline: Timeline) -> pl.LazyFrame:
    """The sheet with a column a named node that says whether its numbers are final.

    Where ages of cohorts are told apart, those are final that have ended for the last cohort of the period.
    """
    over = timeline.periods.get_column("period_end") <= timeline.complete_before
    columns: list[pl.Series] = []
    by_age: dict[str, pl.Expr] = {}
    for name, node in nodes.items():
        complete = over
        for measure, offsets in dict.fromkeys((leaf.measure, leaf.offsets) for leaf in leaves(node) if _waits(leaf)):
            if measure.ages and measure.ages.each:
                oldest = f"{name}_{len(columns)}"
                columns.append(_oldest_over(_ends(offsets, timeline), measure.ages, timeline).alias(oldest))
                by_age[name] = by_age.get(name, pl.col(name)) & (pl.col(COHORT_AGE) <= pl.col(oldest))
            else:
                complete = complete & _mature(measure, offsets, timeline)
        columns.append(complete.alias(name))
    ends = timeline.periods.select(PERIOD, *columns)
    kept = [*sheet.collect_schema().names(), *nodes]
    return sheet.join(ends.lazy(), on=PERIOD, maintain_order="left").with_columns(**by_age).select(kept)


def _waits(leaf: Leaf) -> bool:
    """Whether a leaf's numbers may still grow when its period is over."""
    events = leaf.measure.events
    return leaf.measure.ages is not None or (isinstance(events, Matching) and events.window is not None)


def _mature(measure: Measure, offsets: tuple[Shift, ...], timeline: Timeline) -> pl.Series:
    """For every period whether all that belongs to it, or to the earlier one looked at, can have happened."""
    ends = _ends(offsets, timeline)
    if measure.ages:
        return _oldest_over(ends, measure.ages, timeline) >= measure.ages.last
    final = ends.cast(pl.Datetime)
    if isinstance(measure.events, Matching) and measure.events.window:
        # NOTE: as moments, because a window of hours reaches into the next day.
        final = final.dt.offset_by(_duration(measure.events.window))
    # NOTE: what has no earlier period has no value to wait for.
    return (final <= datetime.combine(timeline.complete_before, time.min)) | ends.is_null()


def _ends(offsets: tuple[Shift, ...], timeline: Timeline) -> pl.Series:
    """The day after every period, or after the earlier one looked at."""
    if not offsets or timeline.grain is None:
        return timeline.periods.get_column("period_end")
    earlier = timeline.calendar.of(timeline.grain).select(source_start=PERIOD, end="period_end")
    looked_at = timeline.earlier(offsets).join(earlier, on="source_start", how="left", maintain_order="left")
    return looked_at.get_column("end")


def _oldest_over(ends: pl.Series, ages: Ages, timeline: Timeline) -> pl.Series:
    """For every period the oldest age that is over for its last cohort, looked up in the calendar; below 0 if none.

    What has no earlier period has no value to wait for.
    """
    numbered = numbered_days(timeline.calendar, ages.grain)
    last_days = numbered.group_by("number").agg(day=pl.col("day").max())
    over = last_days.filter(pl.col("day") < timeline.complete_before).select(pl.col("number").max()).item()
    cohort = ends.to_frame("end").select(day=pl.col("end") - pl.duration(days=1))
    numbers = cohort.join(numbered, on="day", how="left", maintain_order="left").get_column("number")
    age = pl.lit(-1 if over is None else over, pl.Int64) - pl.col("number")
    return numbers.to_frame().select(age.fill_null(2**31)).to_series()


def _duration(window: Window) -> str:
    unit = {Grain.hour: "h", Grain.day: "d", Grain.week: "w", Grain.month: "mo", Grain.quarter: "q", Grain.year: "y"}
    return f"{window.count}{unit[window.grain]}"
