"""The rows of each metric out of its sheet."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import polars as pl

from kpi_pipeline.derive.cells import Numbers
from kpi_pipeline.derive.layout import compared_with
from kpi_pipeline.derive.maturity import with_completeness
from kpi_pipeline.derive.sheet import Sheet, column_of
from kpi_pipeline.derive.small_groups import GROUP_SIZE
from kpi_pipeline.derive.timeline import PERIOD
from kpi_pipeline.plan import Series


def shown_of(sheet: Sheet, columns: pl.DataFrame, every: Collection[Series]) -> dict[Series, pl.DataFrame]:
    """A frame a member: where it has data or, of those in `every`, all periods of the segments that ever had data."""
    layout, own = sheet.layout, slice(sheet.own)
    stretch, segment = sheet.cells.stretch[own], sheet.cells.segment[own]
    names = layout.segments.names.select(pl.col(*layout.breakdown, "is_other").gather(segment))
    keys = [layout.stretches.table.get_column(PERIOD).gather(stretch), *names]
    values = {sheet.names[named["value"]]: named["value"] for named in layout.nodes.values()}
    complete = with_completeness(pl.LazyFrame(keys), values, layout.timeline).collect()
    nothing = pl.repeat(None, len(stretch), dtype=pl.Float64, eager=True)
    found = {}
    for one, nodes in layout.nodes.items():
        value = sheet.names[nodes["value"]]
        shown = {name: columns.get_column(sheet.names[node]) for name, node in nodes.items()}
        shown |= {name: columns.get_column(column_of(value, name)) for name in compared_with(one)}
        shown["sample_size"] = shown["sample_size"].fill_null(0).cast(pl.Int64)
        shown["is_complete"] = complete.get_column(value)
        names_shown = (*_columns(one), *((GROUP_SIZE,) if GROUP_SIZE in nodes else ()))
        rows = pl.DataFrame([*keys, *(shown.get(name, nothing).alias(name) for name in names_shown)])
        has_data = columns.get_column(column_of(value, "has_data"))
        if one in every:
            has_data = _ever(has_data, segment) if one.breakdown else pl.repeat(True, rows.height, eager=True)
        rows = rows if has_data.all() else rows.filter(has_data)
        found[one] = rows.sort(PERIOD, "is_other", *one.breakdown, nulls_last=True) if one.by_age else rows
    return found


def _columns(series: Series) -> tuple[str, ...]:
    earlier = ("previous_value", "year_ago_value") if series.compared else ()
    return ("value", "numerator", "denominator", "sample_size", "is_complete", *earlier)


def _ever(has_data: pl.Series, segment: Numbers) -> pl.Series:
    """Whether the segment of a row has data in any period."""
    return pl.Series(np.isin(segment, np.unique(segment[has_data.to_numpy()])))
