"""A sheet: every leaf and formula of one grain and breakdown, as columns over cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl

from kpi_pipeline.derive.ages import come_to_their_age
from kpi_pipeline.derive.asked import Asked, leaf_column, looked_up
from kpi_pipeline.derive.cells import CELL, Cells, Numbers, cells_with_data, every_cell, optional
from kpi_pipeline.derive.formula import expression
from kpi_pipeline.derive.layout import Layout, compared_with
from kpi_pipeline.derive.leaf_frames import rows_leaf
from kpi_pipeline.derive.partials import Partials
from kpi_pipeline.derive.segments import SEGMENT
from kpi_pipeline.derive.stretches import Way
from kpi_pipeline.derive.timeline import PERIOD
from kpi_pipeline.plan import Ages, Fold, Leaf, Node, leaves


@dataclass(frozen=True, eq=False)
class Sheet:
    """A layout with its cells and, a row a cell, a column a leaf as it is computed."""

    layout: Layout
    cells: Cells
    values: pl.DataFrame
    partials: Partials

    @cached_property
    def names(self) -> dict[Node, str]:
        """The column of each node of its members."""
        nodes = dict.fromkeys(node for named in self.layout.nodes.values() for node in named.values())
        return {node: f"node_{place}" for place, node in enumerate(nodes)}

    @cached_property
    def own(self) -> int:
        """How many of the cells, from the first on, are of the sheet's own periods."""
        return int(self.cells.numbers.searchsorted(self.layout.stretches.own * self.cells.width))

    def columns(self) -> pl.LazyFrame:
        """A row a cell of its own periods: a DOUBLE a node, and what `column_of` names beside the values of members."""
        compared: dict[Node, dict[str, Way]] = {}
        for one, named in self.layout.nodes.items():
            compared[named["value"]] = compared.get(named["value"], {}) | compared_with(one)
        columns = [pl.col(name).head(self.own) for name in self.names.values()]
        for node, ways in compared.items():
            name = self.names[node]
            columns.append(self._present(node).head(self.own).alias(column_of(name, "has_data")))
            for earlier, way in ways.items():
                looked_at = self._looked_at[way].head(self.own)
                columns.append(pl.col(name).gather(looked_at).alias(column_of(name, earlier)))
        return self._with_nodes().select(columns)

    def _with_nodes(self) -> pl.LazyFrame:
        """The leaves and nodes; what looks back takes the value of the cell that it looks back at."""
        wanted = dict.fromkeys(replace(leaf, offsets=()) for node in self.names for leaf in leaves(node))
        here = {leaf: f"here_{place}" for place, leaf in enumerate(wanted)}
        spans = dict.fromkeys((leaf.measure.model, leaf.measure.time) for leaf in wanted)
        inside = {span: f"in_range_{place}" for place, span in enumerate(spans)}

        def of(leaf: Leaf) -> pl.Expr:
            return self._back(pl.col(here[replace(leaf, offsets=())]), leaf.offsets)

        return (
            self.values.lazy()
            .with_columns(self._in_range(span).alias(name) for span, name in inside.items())
            .with_columns(
                _filled(leaf, pl.col(inside[leaf.measure.model, leaf.measure.time])).alias(name)
                for leaf, name in here.items()
            )
            .with_columns(expression(node, of).alias(name) for node, name in self.names.items())
        )

    def _in_range(self, of: tuple[str, str]) -> pl.Series:
        """Whether each cell's period overlaps the days that a model has data for."""
        overlapping = self.layout.stretches.overlapping(self.partials.spans.get(of))
        return pl.Series(overlapping[self.cells.stretch])

    def _present(self, node: Node) -> pl.Expr:
        """Whether any row lies behind a node in a cell."""
        return pl.any_horizontal(self._back(_has_rows(leaf), leaf.offsets) for leaf in leaves(node))

    def _back(self, column: pl.Expr, way: Way) -> pl.Expr:
        return column.gather(self._looked_at[way]) if way else column

    @cached_property
    def _looked_at(self) -> Mapping[Way, pl.Series]:
        """By way back, the place of the cell that each one looks at."""
        found = {way: self.cells.looked_at(back) for way, back in self.layout.stretches.back.items()}
        return {way: optional(self.cells.places(cells)) for way, cells in found.items()}


def column_of(node: str, what: str) -> str:
    """The column that says something more of a node than its value."""
    return f"{what}_{node}"


def sheet_of(layout: Layout, values: Mapping[Asked, pl.DataFrame], partials: Partials, *, whole: bool) -> Sheet:
    """The sheet of a layout; a whole one has a cell for every period and segment, others only where there is data."""
    width = layout.segments.width
    frames = {asked[0]: values[asked[0]] for asked in layout.asked}
    if whole:
        cells = every_cell(layout.stretches, width)
        if layout.ages:
            cells = _come_to_their_age(cells, layout, layout.ages)
    else:
        cells = cells_with_data([_seen(one, frame) for one, frame in frames.items()], layout.stretches, width)
    return Sheet(layout, cells, pl.concat(map(cells.laid, frames.values()), how="horizontal"), partials)


def _come_to_their_age(cells: Cells, layout: Layout, ages: Ages) -> Cells:
    """The cells whose age has begun in the sheet's own periods, and all of what these are compared with."""
    own = cells.numbers < layout.stretches.own * cells.width
    period = layout.stretches.table.get_column(PERIOD).gather(cells.stretch[own])
    keys = pl.LazyFrame({CELL: cells.numbers[own], PERIOD: period, SEGMENT: cells.segment[own]})
    begun = come_to_their_age(keys, ages, layout.segments, layout.timeline).collect().get_column(CELL)
    return Cells(np.sort(np.concatenate([begun.to_numpy(), cells.numbers[~own]])), cells.width)


def _seen(asked: Asked, values: pl.DataFrame) -> Numbers:
    """The cells in which some leaf has rows."""
    counts = [pl.col(leaf_column(leaf)).fill_null(0) > 0 for leaf in asked.leaves if leaf == looked_up(rows_leaf(leaf))]
    there = values.filter(pl.any_horizontal(counts)) if counts else values.clear()
    return there.get_column(CELL).to_numpy()


def _filled(leaf: Leaf, in_range: pl.Expr) -> pl.Expr:
    """The leaf's column as DOUBLE, with its fill in periods without rows between the data's first and newest day."""
    column = pl.col(leaf_column(looked_up(leaf))).cast(pl.Float64)
    if leaf.measure.fold in (Fold.count, Fold.distinct):
        column = column.fill_null(0)
    if leaf.fill is None:
        return pl.when(_has_rows(leaf)).then(column)
    return pl.when(_has_rows(leaf)).then(column).when(in_range).then(pl.lit(float(leaf.fill)))


def _has_rows(leaf: Leaf) -> pl.Expr:
    return pl.col(leaf_column(looked_up(rows_leaf(leaf)))).fill_null(0) > 0
