"""All series of a plan: what they are made of is computed together, then their formulas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from kpi_pipeline.calendar import Calendar
from kpi_pipeline.derive.asked import Asked
from kpi_pipeline.derive.cells import cell
from kpi_pipeline.derive.exact import collected
from kpi_pipeline.derive.layout import Layout, lay_out
from kpi_pipeline.derive.leaf_frames import leaf_frames
from kpi_pipeline.derive.partials import Partials
from kpi_pipeline.derive.sheet import sheet_of
from kpi_pipeline.derive.shown import shown_of
from kpi_pipeline.derive.small_groups import without_small_groups
from kpi_pipeline.derive.timeline import PERIOD
from kpi_pipeline.names import COHORT_AGE
from kpi_pipeline.periods import Grain
from kpi_pipeline.plan import Coverage, Derivation, Series

__all__ = ["Partials", "derive"]


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
    series without grain: exactly those days). Metrics without coverage (no rows at all) give empty frames. Groups that
    are too small to be shown have no values: see `small_groups`.
    """
    layouts = lay_out(series, derivations, partials, calendar, coverage, first, last)
    every = {one for one in series if dense or derivations[one.metric].every_period}
    values = _computed(layouts, partials)
    sheets = [sheet_of(one, values, partials, whole=not every.isdisjoint(one.nodes)) for one in layouts]
    # NOTE: sheets are small and wide, and add nothing up. The streaming engine, which sees sums that overflow, takes a
    # hundred times as long to hand their columns from thread to thread.
    filled_in = pl.collect_all([one.columns() for one in sheets], engine="in-memory")
    found: dict[Series, pl.DataFrame] = {}
    for sheet, columns in zip(sheets, filled_in, strict=True):
        found |= shown_of(sheet, columns, every)
    every_one = {one: found[one] if one in found else _empty(one) for one in series}
    return without_small_groups(every_one, derivations, calendar, alone=not dense)


def _computed(layouts: Sequence[Layout], partials: Partials) -> dict[Asked, pl.DataFrame]:
    """The values of all that is asked, by cell; a question of several layers goes by its first."""
    frames = leaf_frames([one for layout in layouts for asked in layout.asked for one in asked], partials)
    graph = {}
    for layout in layouts:
        for asked in layout.asked:
            layers = (
                frames[one].join(layout.stretches.of(layer).lazy(), on=PERIOD).select(cell(layout.segments), *one.named)
                for layer, one in enumerate(asked)
            )
            graph[asked[0]] = pl.concat(layers)
    return dict(zip(graph, collected(list(graph.values())), strict=True))


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
