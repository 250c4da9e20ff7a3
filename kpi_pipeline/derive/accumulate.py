"""Cumulative sums and extremes: over a trailing window, since a grain's period began, or since the beginning.

Every day is in reach from itself until a day on which the window has moved past it. So a running total that each day's
partial result joins when its day comes, and leaves when its time is up, holds the value of every window: as many steps
as there are days, however long the window is. Minima and maxima cannot leave a running total: see `extremes`.
Distinct counts and percentiles, which need more than a day's sums, are made in `distinct` and `percentiles`.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from kpi_pipeline.calendar import Calendar
from kpi_pipeline.derive.anchors import ANCHOR, anchors, over_days
from kpi_pipeline.derive.extremes import extremes
from kpi_pipeline.derive.fold import ADDED, of_folds, side_by_side
from kpi_pipeline.derive.segments import SEGMENT
from kpi_pipeline.derive.standing import standing
from kpi_pipeline.derive.sums import columns_of_sums, counted_sums, sums_there
from kpi_pipeline.derive.windows import begins, leaving
from kpi_pipeline.plan import Fold, Measure, Reach


def accumulate(
    rows: pl.LazyFrame,
    reach: Reach,
    measures: Mapping[str, Measure],
    *,
    calendar: Calendar,
    periods: pl.DataFrame,
) -> pl.LazyFrame:
    """For each period the value as of its last day (or first, or the average, highest or lowest of its days).

    `periods`: period_start, first_day and period_end, from the first day with data to the newest. In an average, a day
    whose window holds no rows counts as 0 for sums and counts, and not at all for everything else.
    """
    wanted = anchors(periods, reach.period_agg)
    gone = leaving(reach, calendar)
    parts = [
        _added(rows, of_folds(measures, *ADDED), gone, wanted),
        extremes(rows, of_folds(measures, Fold.min, Fold.max), begins(reach, calendar), wanted),
    ]
    values = side_by_side(parts, ("period_start", ANCHOR, SEGMENT))
    return over_days(values, (pl.col(name) for name in measures), reach.period_agg)


def _added(
    rows: pl.LazyFrame, measures: Mapping[str, Measure], gone: pl.DataFrame | None, wanted: pl.DataFrame
) -> pl.LazyFrame | None:
    """Sums and counts; a sum of nothing but NULLs is NULL, one of no rows at all is 0."""
    if not measures:
        return None
    days = counted_sums(rows, by=(SEGMENT, "_day"), measures=measures)
    columns = columns_of_sums(measures)
    joins = days.rename({"_day": "_at"})
    leaves = None
    if gone is not None:
        leaves = days.join(gone.lazy(), on="_day").drop("_day").rename({"_leaves": "_at"}).drop_nulls("_at")
    return standing(joins, leaves, columns, wanted).select(
        "period_start",
        ANCHOR,
        SEGMENT,
        *sums_there(measures),
    )
