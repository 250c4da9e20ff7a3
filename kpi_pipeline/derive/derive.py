"""All series of a plan in one lazy graph, collected once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from kpi_pipeline.calendar import Calendar
from kpi_pipeline.derive.ages import ages_told_apart, come_to_their_age, number_of_ages
from kpi_pipeline.derive.asked import Asked, asked_of, leaf_column
from kpi_pipeline.derive.exact import collected
from kpi_pipeline.derive.leaf_frames import KEYS, leaf_frames, rows_leaf
from kpi_pipeline.derive.maturity import with_completeness
from kpi_pipeline.derive.partials import Partials
from kpi_pipeline.derive.segments import SEGMENT, Segments, number_segments
from kpi_pipeline.derive.sheet import joined, measures_of, present, with_nodes
from kpi_pipeline.derive.timeline import PERIOD, Timeline
from kpi_pipeline.names import COHORT_AGE
from kpi_pipeline.periods import Grain, Window
from kpi_pipeline.plan import Ages, Coverage, Derivation, Leaf, Measure, Node, Series, at_each_age, leaves, moved

__all__ = ["Partials", "derive"]


@dataclass(frozen=True)
class _Sheet:
    """Series that share a grain, a breakdown, a cap, a coverage and their models are computed side by side.

    NOTE: the models decide which segments are the largest, so metrics of others must not have a say.
    """

    grain: Grain | None
    breakdown: tuple[str, ...]
    at_most: int
    coverage: Coverage
    models: frozenset[tuple[str, str]]
    ages: Ages | None = None
    """How the ages of cohorts are counted where the breakdown tells them apart."""

    @property
    def dimensions(self) -> tuple[str, ...]:
        """What rows are told apart by; no row has the age of a cohort."""
        return tuple(name for name in self.breakdown if name != COHORT_AGE)


def derive(
    series: Sequence[Series],
    derivations: Mapping[str, Derivation],
    partials: Partials,
    calendar: Calendar,
    coverage: Mapping[str, Coverage],
    *,
    dense: bool,
    first: date | None = None,
    last: date | None = None,
) -> dict[Series, pl.DataFrame]:
    """A frame a series: period_start, the dimensions, is_other, value and what it rests on, is_complete.

    Series asked to be compared also have previous_value and year_ago_value: of a period in progress over the same
    elapsed span. Dense: a row for every period from the first data to the newest and for every segment that ever had
    data. Otherwise rows only where there is data. `first` and `last` keep the periods that overlap those days (for a
    series without grain: exactly those days). Metrics without coverage (no rows at all) give empty frames.
    """
    sheets: dict[_Sheet, list[Series]] = defaultdict(list)
    for one in series:
        if one.metric in coverage:
            models = frozenset((leaf.measure.model, leaf.measure.time) for leaf in leaves(derivations[one.metric].node))
            ages = ages_told_apart(derivations[one.metric].node) if one.by_age else None
            sheets[_Sheet(one.grain, one.breakdown, one.at_most, coverage[one.metric], models, ages)].append(one)
    laid_out = _laid_out(sheets, derivations, partials, calendar, first, last)
    frames = leaf_frames([one for layout in laid_out for one in layout.asked], partials)
    every = {one for one in series if dense or derivations[one.metric].every_period}
    graph = [
        _table(layout, frames, partials, every_period=not every.isdisjoint(members))
        for layout, members in zip(laid_out, sheets.values(), strict=True)
    ]
    found: dict[Series, pl.DataFrame] = {}
    for members, table in zip(sheets.values(), collected(graph), strict=True):
        found |= {one: _output(place, one, table, every_period=one in every) for place, one in enumerate(members)}
    return {one: found.get(one, _empty(one)) for one in series}


@dataclass(frozen=True)
class _Layout:
    """A sheet before it is filled in: its periods and segments, the columns of every member, what they are made of."""

    sheet: _Sheet
    timeline: Timeline
    segments: Segments
    nodes: tuple[Mapping[str, Node], ...]
    asked: tuple[Asked, ...]


def _laid_out(
    sheets: Mapping[_Sheet, Sequence[Series]],
    derivations: Mapping[str, Derivation],
    partials: Partials,
    calendar: Calendar,
    first: date | None,
    last: date | None,
) -> list[_Layout]:
    """Every sheet's layout; sheets that differ only in grain share their segments, so that rows are placed once."""
    shared: dict[tuple[object, ...], Segments] = {}
    found = []
    for sheet, members in sheets.items():
        nodes = tuple(_nodes(one, derivations[one.metric]) for one in members)
        wanted = measures_of(node for named in nodes for node in named.values())
        key = (sheet.breakdown, sheet.at_most, sheet.coverage.newest_day, sheet.models, sheet.ages)
        timeline = _timeline(sheet, calendar, first, last)
        if key not in shared:
            numbered = number_segments(sheet.dimensions, _sizes(wanted, partials, sheet), sheet.at_most)
            ages = number_of_ages(sheet.ages, timeline, sheet.coverage.first_day) if sheet.ages else None
            shared[key] = replace(numbered, ages=ages)
        found.append(_Layout(sheet, timeline, shared[key], nodes, asked_of(wanted, timeline, shared[key])))
    return found


def _table(
    layout: _Layout, frames: Mapping[Asked, pl.LazyFrame], partials: Partials, *, every_period: bool
) -> pl.LazyFrame:
    """The sheet: period, segment, the dimensions, and the columns of every member.

    NOTE: one wide table, taken apart once it is collected: a frame a metric would carry the whole graph each.
    """
    sheet, timeline, segments, nodes = layout.sheet, layout.timeline, layout.segments, layout.nodes
    groups = [(one, frames[one]) for one in layout.asked]
    periods = timeline.periods.lazy().select(PERIOD)
    seen = [_seen(one, frame) for one, frame in groups]
    if every_period:
        keys = periods.join(segments.every(), how="cross")
        if sheet.ages:
            keys = come_to_their_age(keys, sheet.ages, segments, timeline)
    else:
        keys = pl.concat(seen).unique().join(periods, on=PERIOD)
    table = joined(keys, [frame for _, frame in groups])
    columns = {_column(place, name): node for place, named in enumerate(nodes) for name, node in named.items()}
    has_data = [present(named["value"]).alias(_column(place, "has_data")) for place, named in enumerate(nodes)]
    filled_in = segments.named_in(with_nodes(table, columns, timeline, partials).with_columns(has_data))
    values = {_column(place, "is_complete"): named["value"] for place, named in enumerate(nodes)}
    return (
        with_completeness(filled_in, values, timeline)
        .select(
            PERIOD,
            SEGMENT,
            *sheet.breakdown,
            *columns,
            *(_column(place, name) for place in range(len(nodes)) for name in ("has_data", "is_complete")),
            is_other="_is_other",
        )
        .sort(PERIOD, "is_other", *sheet.breakdown, nulls_last=True)
    )


def _column(place: int, name: str) -> str:
    """The column of a sheet that holds something of its member at a place."""
    return f"_{place}_{name}"


def _nodes(series: Series, derivation: Derivation) -> dict[str, Node]:
    """What a series has columns for."""
    found: dict[str, Node] = {"value": derivation.node, "sample_size": derivation.sample}
    if derivation.numerator and derivation.denominator:
        found |= {"numerator": derivation.numerator, "denominator": derivation.denominator}
    if series.compared and series.grain:
        found["previous_value"] = moved(derivation.node, Window(1, series.grain))
        found["year_ago_value"] = moved(derivation.node, Window(1, Grain.year))
    return {name: at_each_age(node) for name, node in found.items()} if series.by_age else found


def _sizes(wanted: Mapping[Leaf, None], partials: Partials, sheet: _Sheet) -> list[pl.LazyFrame]:
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


def _seen(asked: Asked, frame: pl.LazyFrame) -> pl.LazyFrame:
    """The keys at which some leaf has rows."""
    counts = [pl.col(leaf_column(leaf)).fill_null(0) > 0 for leaf in asked.leaves if leaf == rows_leaf(leaf)]
    return frame.filter(pl.any_horizontal(counts) if counts else False).select(*KEYS)


def _timeline(sheet: _Sheet, calendar: Calendar, first: date | None, last: date | None) -> Timeline:
    begin = max(first or sheet.coverage.first_day, sheet.coverage.first_day)
    end = min(last or sheet.coverage.newest_day, sheet.coverage.newest_day)
    by_hour = sheet.grain is Grain.hour
    if sheet.grain is None:
        days = calendar.days.filter(pl.col("day").is_between(begin, end)).select(_day="day", period_start=pl.lit(begin))
        periods = pl.DataFrame({PERIOD: [begin], "period_end": [end]}).with_columns(
            period_end=pl.col("period_end") + pl.duration(days=1)
        )
    else:
        days = calendar.days.select(_day="day", period_start=f"{Grain.day if by_hour else sheet.grain}_start")
        overlaps = (pl.col("period_end") > begin) & (pl.col("day" if by_hour else PERIOD) <= end)
        periods = calendar.of(sheet.grain).filter(overlaps).select(PERIOD, "period_end")
    return Timeline(sheet.grain, calendar, periods, days, sheet.coverage.newest_day, sheet.coverage.complete_before)


def _output(place: int, series: Series, table: pl.DataFrame, *, every_period: bool) -> pl.DataFrame:
    """One metric's rows out of the sheet: where it has data, or every period of each segment that ever had."""

    def shown(name: str) -> pl.Expr:
        column = _column(place, name)
        return (pl.col(column) if column in table.columns else pl.lit(None, pl.Float64)).alias(name)

    rows = table.select(
        PERIOD,
        *series.breakdown,
        "is_other",
        shown("value"),
        shown("numerator"),
        shown("denominator"),
        shown("sample_size").fill_null(0).cast(pl.Int64),
        shown("is_complete"),
        *(shown(name) for name in ("previous_value", "year_ago_value") if series.compared),
    )
    # NOTE: the rows are chosen last, from the few columns that are shown; the sheet has those of every metric.
    has_data = table.get_column(_column(place, "has_data"))
    if has_data.all() or (every_period and not series.breakdown):
        return rows
    if not every_period:
        return rows.filter(has_data)
    ever = table.select(pl.col(has_data.name).any().over(SEGMENT))
    return rows.filter(ever.to_series())


def _empty(series: Series) -> pl.DataFrame:
    compared = {"previous_value": pl.Float64, "year_ago_value": pl.Float64} if series.compared else {}
    return pl.DataFrame(
        schema={
            PERIOD: pl.Datetime("us", "UTC") if series.grain is Grain.hour else pl.Date,
            **{name: pl.Int64 if name == COHORT_AGE else pl.String for name in series.breakdown},
            "is_other": pl.Boolean,
            "value": pl.Float64,
            "numerator": pl.Float64,
            "denominator": pl.Float64,
            "sample_size": pl.Int64,
            "is_complete": pl.Boolean,
            **compared,
        }
    )
