"""What a sheet is to hold, before any of it is computed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import polars as pl

from kpi_pipeline.calendar import Calendar
from kpi_pipeline.derive.ages import ages_told_apart, number_of_ages
from kpi_pipeline.derive.asked import Asked, together
from kpi_pipeline.derive.leaf_frames import rows_leaf
from kpi_pipeline.derive.partials import Partials
from kpi_pipeline.derive.segments import Segments, number_segments
from kpi_pipeline.derive.small_groups import GROUP_SIZE
from kpi_pipeline.derive.stretches import Stretches, Way, stretches_of
from kpi_pipeline.derive.timeline import PERIOD, Timeline
from kpi_pipeline.names import without_age
from kpi_pipeline.periods import Grain, Window
from kpi_pipeline.plan import Ages, Coverage, Derivation, Leaf, Measure, Node, Series, at_each_age, leaves


@dataclass(frozen=True, eq=False)
class Layout:
    """A sheet's stretches of time and segments, and what it holds.

    `ages`: how the ages of cohorts are counted where the breakdown tells them apart.
    `nodes`: for each of its members the columns it has. `asked`: the leaves that are computed together, each time by
    layer of the stretches.
    """

    breakdown: tuple[str, ...]
    ages: Ages | None
    nodes: Mapping[Series, Mapping[str, Node]]
    stretches: Stretches
    segments: Segments
    asked: tuple[tuple[Asked, ...], ...]

    @property
    def timeline(self) -> Timeline:
        """The sheet's own periods."""
        return self.stretches.timeline


@dataclass(frozen=True)
class _Alike:
    """Series that share a grain, a breakdown, a cap, a coverage and their models are computed side by side.

    NOTE: the models decide which segments are the largest, so metrics of others must not have a say.
    """

    grain: Grain | None
    breakdown: tuple[str, ...]
    at_most: int
    coverage: Coverage
    models: frozenset[tuple[str, str]]
    ages: Ages | None = None

    @property
    def dimensions(self) -> tuple[str, ...]:
        """What rows are told apart by; no row has the age of a cohort."""
        return without_age(self.breakdown)


def lay_out(
    series: Sequence[Series],
    derivations: Mapping[str, Derivation],
    partials: Partials,
    calendar: Calendar,
    coverage: Mapping[str, Coverage],
    first: date | None,
    last: date | None,
) -> list[Layout]:
    """The layouts of all series with data; those that differ only in grain share their segments."""
    sheets: dict[_Alike, list[Series]] = defaultdict(list)
    for one in series:
        if one.metric in coverage:
            models = frozenset((leaf.measure.model, leaf.measure.time) for leaf in leaves(derivations[one.metric].node))
            ages = ages_told_apart(derivations[one.metric].node) if one.by_age else None
            sheets[_Alike(one.grain, one.breakdown, one.at_most, coverage[one.metric], models, ages)].append(one)
    shared: dict[tuple[object, ...], Segments] = {}
    found = []
    for sheet, members in sheets.items():
        nodes = {one: _nodes(one, derivations[one.metric]) for one in members}
        wanted = _measures_of(nodes)
        key = (sheet.breakdown, sheet.at_most, sheet.coverage.newest_day, sheet.models, sheet.ages)
        timeline = _timeline(sheet, calendar, first, last)
        if key not in shared:
            numbered = number_segments(sheet.dimensions, _sizes(wanted, partials, sheet), sheet.at_most)
            so_many = number_of_ages(sheet.ages, timeline, sheet.coverage.first_day) if sheet.ages else None
            shared[key] = replace(numbered, ages=so_many)
        compared = dict.fromkeys(way for one in members for way in compared_with(one).values())
        within = dict.fromkeys(leaf.offsets for leaf in wanted)
        stretches = stretches_of(timeline, compared, within, sheet.coverage.first_day)
        asked = (tuple(Asked(some, one, shared[key]) for one in stretches.timelines) for some in together(wanted))
        found.append(Layout(sheet.breakdown, sheet.ages, nodes, stretches, shared[key], tuple(asked)))
    return found


def compared_with(series: Series) -> dict[str, Way]:
    """The earlier values that a series has columns for, with the way back to them."""
    if not series.compared or not series.grain:
        return {}
    return {"previous_value": (Window(1, series.grain),), "year_ago_value": (Window(1, Grain.year),)}


def _nodes(series: Series, derivation: Derivation) -> dict[str, Node]:
    """What a series has columns for."""
    found: dict[str, Node] = {"value": derivation.node, "sample_size": derivation.sample}
    if derivation.numerator and derivation.denominator:
        found |= {"numerator": derivation.numerator, "denominator": derivation.denominator}
    if derivation.group:
        found[GROUP_SIZE] = derivation.group
    return {name: at_each_age(node) for name, node in found.items()} if series.by_age else found


def _measures_of(nodes: Mapping[Series, Mapping[str, Node]]) -> dict[Leaf, None]:
    """Every leaf of the nodes and, beside each, the leaf that counts its rows."""
    found = dict.fromkeys(leaf for named in nodes.values() for node in named.values() for leaf in leaves(node))
    return dict.fromkeys(one for leaf in found for one in (leaf, rows_leaf(leaf)))


def _sizes(wanted: Mapping[Leaf, None], partials: Partials, sheet: _Alike) -> list[pl.LazyFrame]:
    """The number of rows of each combination of dimensions, a frame a model and time column."""
    counts: dict[tuple[str, str], Measure] = {}
    for leaf in wanted:
        counts.setdefault((leaf.measure.model, leaf.measure.time), leaf.measure.all_rows)
    return [
        partials.counted(sheet.coverage.newest_day, rows, sheet.dimensions).select(
            *sheet.dimensions, _rows=pl.col(rows.column).cast(pl.Int64)
        )
        for rows in counts.values()
    ]


def _timeline(sheet: _Alike, calendar: Calendar, first: date | None, last: date | None) -> Timeline:
    begin = max(first or sheet.coverage.first_day, sheet.coverage.first_day)
    end = min(last or sheet.coverage.newest_day, sheet.coverage.newest_day)
    by_hour = sheet.grain is Grain.hour
    if sheet.grain is None:
        days = calendar.days.filter(pl.col("day").is_between(begin, end)).select(_day="day", period_start=pl.lit(begin))
        periods = pl.DataFrame({PERIOD: [begin], "period_end": [end + timedelta(days=1)]})
    else:
        days = calendar.days.select(_day="day", period_start=f"{Grain.day if by_hour else sheet.grain}_start")
        overlaps = (pl.col("period_end") > begin) & (pl.col("day" if by_hour else PERIOD) <= end)
        periods = calendar.of(sheet.grain).filter(overlaps).select(PERIOD, "period_end")
    return Timeline(sheet.grain, calendar, periods, days, sheet.coverage.newest_day, sheet.coverage.complete_before)
