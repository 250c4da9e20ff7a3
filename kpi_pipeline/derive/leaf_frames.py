"""The values of leaves by period and segment, computed from partial results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import polars as pl

from kpi_pipeline.derive.additive import additive_values
from kpi_pipeline.derive.asked import Asked
from kpi_pipeline.derive.cohorts import cohort_values
from kpi_pipeline.derive.distinct import distinct_values
from kpi_pipeline.derive.hours import hour_values
from kpi_pipeline.derive.intervals import interval_values
from kpi_pipeline.derive.partials import Partials
from kpi_pipeline.derive.percentiles import percentile_values
from kpi_pipeline.derive.segments import SEGMENT
from kpi_pipeline.derive.states import state_values
from kpi_pipeline.derive.timeline import PERIOD
from kpi_pipeline.periods import Grain
from kpi_pipeline.plan import Leaf, Shape

KEYS = (PERIOD, SEGMENT)
Compute = Callable[[Sequence[Asked], Partials], list[pl.LazyFrame]]
"""The values of some questions of one shape: for each a frame with the period looked at, the segment, a column a leaf.

All questions of a shape are given at once, of every sheet, so that what they have in common is done once.
"""

SHAPES: Mapping[Shape, Compute] = {
    Shape.additive: additive_values,
    Shape.distinct: distinct_values,
    Shape.values: percentile_values,
    Shape.cohorts: cohort_values,
    Shape.states: state_values,
    Shape.intervals: interval_values,
}


def rows_leaf(leaf: Leaf) -> Leaf:
    """The count of rows behind a leaf: where it is missing or 0, the leaf has no data."""
    return leaf.rows


def leaf_frames(asked: Sequence[Asked], partials: Partials) -> dict[Asked, pl.LazyFrame]:
    """For each question its frame: period_start, segment, a column a leaf."""
    hourly = [one for one in asked if one.timeline.grain is Grain.hour and not one.measure.stock]
    found = dict(zip(hourly, hour_values(hourly, partials), strict=True))
    for shape, compute in SHAPES.items():
        some = [one for one in asked if one.measure.shape is shape and one not in found]
        found |= zip(some, compute(some, partials), strict=True)
    return {one: frame.select(*KEYS, *one.named) for one, frame in found.items()}
