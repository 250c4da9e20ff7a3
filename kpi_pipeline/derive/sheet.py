"""A sheet: every leaf and formula of one grain and breakdown, as columns over periods and segments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce as fold_left

import polars as pl

from kpi_pipeline.calendar import Calendar
from kpi_pipeline.derive.accumulate import accumulate
from kpi_pipeline.derive.fold import folded
from kpi_pipeline.derive.formula import expression
from kpi_pipeline.derive.partials import Partials
from kpi_pipeline.derive.segments import SEGMENT, Segments
from kpi_pipeline.periods import Grain, Window
from kpi_pipeline.plan import Fold, Leaf, Node, fingerprint, leaves

PERIOD = "period_start"
KEYS = (PERIOD, SEGMENT)


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

    def earlier(self, windows: tuple[Window, ...]) -> pl.DataFrame:
        """For every period the one that lies all the windows before: period_start, source_start."""
        if self.grain is None:
            raise ValueError("a total over all time has no earlier period")
        grain = self.grain
        steps = [self.calendar.earlier(grain, window) for window in windows]
        first = self.periods.select(PERIOD, source_start=PERIOD)
        return fold_left(_step, steps, first)

    def cut(self, windows: tuple[Window, ...]) -> tuple[date, date] | None:
        """The days of the earlier period that the one in progress has not come to yet: from, to (not included).

        A period in progress is compared with the same elapsed span of the earlier one.
        """
        if self.grain is None:
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


def rows_leaf(leaf: Leaf) -> Leaf:
    """The count of rows behind a leaf: where it is missing or 0, the leaf has no data."""
    return Leaf(leaf.measure.rows, 0, leaf.reach, leaf.offsets)


def leaf_column(leaf: Leaf) -> str:
    """The leaf's column in a sheet."""
    return f"leaf_{fingerprint(repr(leaf))}"


def leaf_frames(
    wanted: Iterable[Leaf], partials: Partials, timeline: Timeline, segments: Segments
) -> list[tuple[tuple[Leaf, ...], pl.LazyFrame]]:
    """One frame for the leaves of a reduction, reach and offset: period_start, segment, a column a leaf."""
    groups: dict[tuple[object, ...], list[Leaf]] = {}
    for leaf in dict.fromkeys(wanted):
        measure = leaf.measure
        about = measure.expr if measure.shape.value != "additive" else ""
        groups.setdefault((measure.model, measure.time, measure.shape, about, leaf.reach, leaf.offsets), []).append(
            leaf
        )
    return [(tuple(group), _leaf_frame(group, partials, timeline, segments)) for group in groups.values()]


def _leaf_frame(group: list[Leaf], partials: Partials, timeline: Timeline, segments: Segments) -> pl.LazyFrame:
    first = group[0]
    rows = segments.attached(partials.up_to(timeline.newest_day, first.measure))
    named = {leaf_column(leaf): leaf.measure for leaf in group}
    cut = timeline.cut(first.offsets) if first.offsets else None
    if first.reach:
        begun = partials.spans.get((first.measure.model, first.measure.time), (timeline.newest_day,))[0]
        anchored = _anchored(timeline, first.offsets, begun)
        frame = accumulate(rows, first.reach, named, calendar=timeline.calendar, periods=anchored, cut=cut)
    else:
        if cut:
            rows = rows.filter(~((pl.col("_day") >= cut[0]) & (pl.col("_day") < cut[1])))
        days = timeline.days.lazy()
        frame = folded(rows.join(days, on="_day"), by=KEYS, measures=named)
    if first.offsets:
        moved = timeline.earlier(first.offsets).lazy()
        frame = frame.rename({PERIOD: "source_start"}).join(moved, on="source_start").drop("source_start")
    return frame.select(*KEYS, *named)


def _anchored(timeline: Timeline, offsets: tuple[Window, ...], begun: date) -> pl.DataFrame:
    """The periods whose cumulative values are wanted: period_start, the first day that counts, period_end.

    Only days between the model's first (`begun`) and the newest count.
    """
    end = pl.min_horizontal("period_end", pl.lit(timeline.newest_day + timedelta(days=1)))
    if offsets and timeline.grain:
        sources = timeline.earlier(offsets).select(pl.col("source_start").alias(PERIOD)).drop_nulls().unique()
        periods = timeline.calendar.of(timeline.grain).select(PERIOD, "period_end").join(sources, on=PERIOD)
    else:
        periods = timeline.periods.select(PERIOD, "period_end")
    first_day = pl.max_horizontal(PERIOD, pl.lit(begun))
    return periods.with_columns(period_end=end, first_day=first_day).filter(pl.col("first_day") < pl.col("period_end"))


def filled(leaf: Leaf, timeline: Timeline, partials: Partials) -> pl.Expr:
    """The leaf's column as DOUBLE, with its fill in periods without rows between the data's first and newest day."""
    column = pl.col(leaf_column(leaf)).cast(pl.Float64)
    if leaf.fill is None:
        return column
    if leaf.measure.fold in (Fold.count, Fold.distinct):
        column = column.fill_null(0)
    has_rows = pl.col(leaf_column(rows_leaf(leaf))).fill_null(0) > 0
    return pl.when(has_rows).then(column).when(_in_range(leaf, timeline, partials)).then(pl.lit(float(leaf.fill)))


def _in_range(leaf: Leaf, timeline: Timeline, partials: Partials) -> pl.Expr:
    """Whether the period, or the earlier one looked at, overlaps the days that the model has data for."""
    span = partials.spans.get((leaf.measure.model, leaf.measure.time))
    if span is None or timeline.grain is None:
        return pl.lit(span is not None)
    looked_at = timeline.earlier(leaf.offsets) if leaf.offsets else timeline.periods.select(PERIOD, source_start=PERIOD)
    ends = timeline.calendar.of(timeline.grain).select(source_start=PERIOD, source_end="period_end")
    inside = (
        looked_at.join(ends, on="source_start", how="left")
        .filter((pl.col("source_end") > span[0]) & (pl.col("source_start") <= timeline.newest_day))
        .get_column(PERIOD)
    )
    return pl.col(PERIOD).is_in(inside.implode())


def joined(keys: pl.LazyFrame, frames: Iterable[pl.LazyFrame]) -> pl.LazyFrame:
    """The keys with the columns of every frame beside them."""
    return fold_left(lambda left, right: left.join(right, on=KEYS, how="left"), frames, keys)


def with_nodes(sheet: pl.LazyFrame, nodes: Mapping[str, Node], timeline: Timeline, partials: Partials) -> pl.LazyFrame:
    """The sheet with a DOUBLE column a named node."""

    def leaf_value(leaf: Leaf) -> pl.Expr:
        return filled(leaf, timeline, partials)

    return sheet.with_columns(expression(node, leaf_value).alias(name) for name, node in nodes.items())


def present(node: Node) -> pl.Expr:
    """Whether any row lies behind a node in a period and segment."""
    return pl.any_horizontal(pl.col(leaf_column(rows_leaf(leaf))).fill_null(0) > 0 for leaf in leaves(node))


def measures_of(nodes: Iterable[Node]) -> dict[Leaf, None]:
    """Every leaf of the nodes and, beside each, the leaf that counts its rows."""
    found: dict[Leaf, None] = {}
    for node in nodes:
        for leaf in leaves(node):
            found[leaf] = None
            found[rows_leaf(leaf)] = None
    return found
