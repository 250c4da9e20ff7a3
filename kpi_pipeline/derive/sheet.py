"""A sheet: every leaf and formula of one grain and breakdown, as columns over periods and segments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce as fold_left

import polars as pl

from kpi_pipeline.derive.asked import leaf_column
from kpi_pipeline.derive.formula import expression
from kpi_pipeline.derive.leaf_frames import KEYS, rows_leaf
from kpi_pipeline.derive.partials import Partials
from kpi_pipeline.derive.timeline import PERIOD, Timeline
from kpi_pipeline.periods import Grain
from kpi_pipeline.plan import Fold, Leaf, Node, leaves


def filled(leaf: Leaf, in_range: pl.Expr) -> pl.Expr:
    """The leaf's column as DOUBLE, with its fill in periods without rows between the data's first and newest day."""
    column = pl.col(leaf_column(leaf)).cast(pl.Float64)
    if leaf.measure.fold in (Fold.count, Fold.distinct):
        column = column.fill_null(0)
    has_rows = pl.col(leaf_column(rows_leaf(leaf))).fill_null(0) > 0
    if leaf.fill is None:
        return pl.when(has_rows).then(column)
    return pl.when(has_rows).then(column).when(in_range).then(pl.lit(float(leaf.fill)))


def _in_range(leaf: Leaf, timeline: Timeline, partials: Partials) -> pl.Expr:
    """Whether the period, or the earlier one looked at, overlaps the days that the model has data for."""
    span = partials.spans.get((leaf.measure.model, leaf.measure.time))
    if span is None or timeline.grain is None:
        return pl.lit(span is not None)
    looked_at = timeline.earlier(leaf.offsets) if leaf.offsets else timeline.periods.select(PERIOD, source_start=PERIOD)
    first_day = "day" if timeline.grain is Grain.hour else PERIOD
    ends = timeline.calendar.of(timeline.grain).select(
        source_start=PERIOD, source_day=first_day, source_end="period_end"
    )
    inside = (
        looked_at.join(ends, on="source_start", how="left")
        .filter((pl.col("source_end") > span[0]) & (pl.col("source_day") <= timeline.newest_day))
        .get_column(PERIOD)
    )
    return pl.col(PERIOD).is_in(inside.implode())


def joined(keys: pl.LazyFrame, frames: Iterable[pl.LazyFrame]) -> pl.LazyFrame:
    """The keys with the columns of every frame beside them."""
    return fold_left(lambda left, right: left.join(right, on=KEYS, how="left"), frames, keys)


def with_nodes(sheet: pl.LazyFrame, nodes: Mapping[str, Node], timeline: Timeline, partials: Partials) -> pl.LazyFrame:
    """The sheet with a DOUBLE column a named node; what several names stand for is computed once."""
    wanted = dict.fromkeys(leaf for node in nodes.values() for leaf in leaves(node))
    ranges = {
        _range(leaf): _in_range(leaf, timeline, partials) for leaf in {_range(one): one for one in wanted}.values()
    }
    names = {key: f"_in_range_{place}" for place, key in enumerate(ranges)}
    values = {leaf: filled(leaf, pl.col(names[_range(leaf)])) for leaf in wanted}
    first: dict[Node, str] = {}
    for name, node in nodes.items():
        first.setdefault(node, name)
    return (
        sheet.with_columns(inside.alias(names[key]) for key, inside in ranges.items())
        .with_columns(expression(node, values.__getitem__).alias(name) for node, name in first.items())
        .with_columns(pl.col(first[node]).alias(name) for name, node in nodes.items() if first[node] != name)
    )


def _range(leaf: Leaf) -> tuple[object, ...]:
    """What a leaf's range of days depends on."""
    return leaf.measure.model, leaf.measure.time, leaf.offsets


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
