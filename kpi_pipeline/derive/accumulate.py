"""Cumulative values: over a trailing window, since a grain's period began, or since the beginning.

Every day is in reach from itself until a day on which the window has moved past it. So a running total that each day's
partial result joins when its day comes, and leaves when its time is up, holds the value of every window: as many steps
as there are days, however long the window is. What cannot leave a running total (a minimum, a maximum, a percentile)
looks at all days of each window instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import polars as pl

from kpi_pipeline.calendar import Calendar
from kpi_pipeline.derive.anchors import ANCHOR, anchors, over_days
from kpi_pipeline.derive.fold import folded
from kpi_pipeline.derive.segments import SEGMENT
from kpi_pipeline.plan import Fold, Measure, Reach

ADDED = (Fold.sum, Fold.count)


def accumulate(
    rows: pl.LazyFrame,
    reach: Reach,
    measures: Mapping[str, Measure],
    *,
    calendar: Calendar,
    periods: pl.DataFrame,
    cut: tuple[date, date] | None,
) -> pl.LazyFrame:
    """For each period the value as of its last day (or first, or the average, highest or lowest of its days).

    `periods`: period_start and period_end, from the first day with data to the newest. `cut` names days of an earlier
    period that the period in progress has not come to yet; they are not looked at. In an average, a day whose window
    holds no rows counts as 0 for sums and counts, and not at all for everything else.
    """
    wanted = anchors(periods, reach.period_agg, cut)
    leaving = _leaving(reach, calendar)
    parts = [
        _counted(rows, _of(measures, Fold.distinct), leaving, wanted),
        _added(rows, _of(measures, *ADDED), leaving, wanted),
        _searched(rows, _of(measures, Fold.min, Fold.max, Fold.quantile), reach, calendar, wanted),
    ]
    keys = ["period_start", ANCHOR, SEGMENT]
    values, *others = [part for part in parts if part is not None]
    for other in others:
        values = values.join(other, on=keys, how="full", coalesce=True)
    return over_days(values, (_on_a_day(name, measure) for name, measure in measures.items()), reach.period_agg)


def _of(measures: Mapping[str, Measure], *folds: Fold) -> dict[str, Measure]:
    return {name: measure for name, measure in measures.items() if measure.fold in folds}


def _on_a_day(name: str, measure: Measure) -> pl.Expr:
    """A day whose window holds no rows has no keys either: a distinct count of 0."""
    return pl.col(name).fill_null(0) if measure.fold is Fold.distinct else pl.col(name)


def _begins(reach: Reach, calendar: Calendar) -> pl.DataFrame | None:
    """For every day as an anchor the first day in its reach: _anchor, _begin; None where nothing ever leaves."""
    days = calendar.days
    if reach.window:
        return calendar.trailing(reach.window).select(pl.col("day").alias(ANCHOR), _begin="begin")
    if reach.to_date:
        return days.select(pl.col("day").alias(ANCHOR), _begin=f"{reach.to_date}_start")
    return None


def _leaving(reach: Reach, calendar: Calendar) -> pl.DataFrame | None:
    """For every day the first later one whose window no longer holds it: _day, _leaves; None where none ever does."""
    begins = _begins(reach, calendar)
    if begins is None:
        return None
    passed = begins.group_by(_after="_begin").agg(_leaves=pl.col(ANCHOR).min()).sort("_after")
    days = calendar.days.select(_day="day", _next=pl.col("day") + timedelta(days=1)).sort("_next")
    return days.join_asof(passed, left_on="_next", right_on="_after", strategy="forward").select("_day", "_leaves")


def _added(
    rows: pl.LazyFrame, measures: Mapping[str, Measure], leaving: pl.DataFrame | None, wanted: pl.DataFrame
) -> pl.LazyFrame | None:
    """Sums and counts; a sum of nothing but NULLs is NULL, one of no rows at all is 0."""
    if not measures:
        return None
    counted = {f"{name}_rows": measure.rows for name, measure in measures.items()}
    days = folded(rows, by=(SEGMENT, "_day"), measures={**measures, **counted})
    seen = [pl.col(name).is_not_null().cast(pl.Int64).alias(f"{name}_seen") for name in measures]
    days = days.with_columns(seen)
    columns = [one for name in measures for one in (name, f"{name}_rows", f"{name}_seen")]
    joins = days.rename({"_day": "_at"})
    leaves = None
    if leaving is not None:
        leaves = days.join(leaving.lazy(), on="_day").drop("_day").rename({"_leaves": "_at"}).drop_nulls("_at")
    running = _running(joins, leaves, columns)
    at = _at(running, wanted)
    return at.select(
        "period_start",
        ANCHOR,
        SEGMENT,
        *(
            pl.when(pl.col(f"{name}_seen") > 0)
            .then(pl.col(name))
            .when(pl.col(f"{name}_rows").fill_null(0) == 0)
            .then(pl.col(name) - pl.col(name))
            .alias(name)
            for name in measures
        ),
    )


def _counted(
    rows: pl.LazyFrame, measures: Mapping[str, Measure], leaving: pl.DataFrame | None, wanted: pl.DataFrame
) -> pl.LazyFrame | None:
    """Distinct counts: a key joins when it is seen, and leaves when it was not seen again in time."""
    if not measures:
        return None
    joins: list[pl.LazyFrame] = []
    leaves: list[pl.LazyFrame] = []
    for name, measure in measures.items():
        seen = rows.filter(measure.column).select(SEGMENT, "_key", "_day").unique().sort("_day")
        again = seen.with_columns(_again=pl.col("_day").shift(-1).over(SEGMENT, "_key"))
        if leaving is None:
            again = again.with_columns(_leaves=pl.lit(None, pl.Date))
        else:
            again = again.join(leaving.lazy(), on="_day", how="left")
        one = pl.lit(1, pl.Int64).alias(name)
        joins.append(again.select(SEGMENT, "_day", one).rename({"_day": "_at"}))
        leaves.append(again.select(SEGMENT, one, _at=pl.min_horizontal("_again", "_leaves")).drop_nulls("_at"))
    running = _running(pl.concat(joins, how="diagonal"), pl.concat(leaves, how="diagonal"), list(measures))
    return _at(running, wanted).select("period_start", ANCHOR, SEGMENT, *measures)


def _searched(
    rows: pl.LazyFrame, measures: Mapping[str, Measure], reach: Reach, calendar: Calendar, wanted: pl.DataFrame
) -> pl.LazyFrame | None:
    """Minima, maxima and percentiles."""
    if not measures:
        return None
    begins = _begins(reach, calendar)
    if begins is None and all(measure.fold is not Fold.quantile for measure in measures.values()):
        return _extremes_so_far(rows, measures, wanted)
    if begins is None:
        begins = wanted.select(ANCHOR, _begin=pl.lit(calendar.days.get_column("day").min())).unique()
    reached = wanted.join(begins, on=ANCHOR, how="left").select(
        "period_start", ANCHOR, _day=pl.date_ranges("_begin", ANCHOR, interval="1d")
    )
    pairs = reached.explode("_day", empty_as_null=False)
    return folded(rows.join(pairs.lazy(), on="_day"), by=("period_start", ANCHOR, SEGMENT), measures=measures)


def _extremes_so_far(rows: pl.LazyFrame, measures: Mapping[str, Measure], wanted: pl.DataFrame) -> pl.LazyFrame:
    days = folded(rows, by=(SEGMENT, "_day"), measures=measures).rename({"_day": "_at"}).sort(SEGMENT, "_at")
    so_far = (
        (pl.col(name).cum_min() if measure.fold is Fold.min else pl.col(name).cum_max())
        .forward_fill()
        .over(SEGMENT)
        .alias(name)
        for name, measure in measures.items()
    )
    return _at(days.with_columns(so_far), wanted).select("period_start", ANCHOR, SEGMENT, *measures)


def _running(joins: pl.LazyFrame, leaves: pl.LazyFrame | None, columns: Sequence[str]) -> pl.LazyFrame:
    """The running totals of a segment after each day on which something joins or leaves: _at, segment, columns."""
    left = {name: f"{name}_left" for name in columns}
    steps = joins if leaves is None else pl.concat([joins, leaves.rename(left, strict=False)], how="diagonal")
    there = [*columns, *(left.values() if leaves is not None else ())]
    totals = steps.group_by(SEGMENT, "_at").agg(pl.col(there).sum()).sort(SEGMENT, "_at")
    running = totals.with_columns(pl.col(there).cum_sum().over(SEGMENT))
    if leaves is None:
        return running
    return running.select("_at", SEGMENT, *(pl.col(name) - pl.col(left[name]) for name in columns))


def _at(running: pl.LazyFrame, wanted: pl.DataFrame) -> pl.LazyFrame:
    """The running totals as they stood on each anchor."""
    standing = wanted.lazy().join(running.select(SEGMENT).unique(), how="cross").sort(ANCHOR)
    return standing.join_asof(
        running.sort("_at"), left_on=ANCHOR, right_on="_at", by=SEGMENT, strategy="backward", check_sortedness=False
    )
