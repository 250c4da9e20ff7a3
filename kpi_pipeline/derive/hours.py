"""Values of hours: of the hour alone, or of what a cumulative metric reaches back over.

Hours are numbered in order, so a window is a run of numbers. How many hours it has depends on the clocks: a day may
have 23 or 25. Every hour's window begins no earlier than that of the hour before, so what has left a window never
comes back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kpi_pipeline.calendar import Calendar
from kpi_pipeline.derive.asked import Asked
from kpi_pipeline.derive.fold import ADDED, folded, of_folds, side_by_side
from kpi_pipeline.derive.hour_numbers import AT, hours_wanted, numbered_hours, placed
from kpi_pipeline.derive.partials import Partials
from kpi_pipeline.derive.segments import SEGMENT
from kpi_pipeline.derive.sums import columns_of_sums, counted_sums, sums_there
from kpi_pipeline.derive.timeline import PERIOD
from kpi_pipeline.periods import Grain
from kpi_pipeline.plan import Fold, Measure, Reach, Shape

Numbers = NDArray[np.int64]


def hour_values(asked: Sequence[Asked], partials: Partials) -> list[pl.LazyFrame]:
    """The values of each question: period_start, segment, a column a leaf."""
    return [_values(one, partials) for one in asked]


def _values(asked: Asked, partials: Partials) -> pl.LazyFrame:
    rows = placed(asked, asked.measure, partials)
    if asked.reach is None:
        hours = numbered_hours(asked.timeline.calendar).select(AT, PERIOD).lazy()
        return _folded(rows, (AT, SEGMENT), asked.named).join(hours, on=AT).drop(AT)
    wanted = hours_wanted(asked, partials)
    begins = _begins(asked.reach, asked.timeline.calendar)
    if asked.measure.shape is Shape.distinct:
        return _counted(rows, asked.named, begins, wanted)
    parts = [
        _added(rows, of_folds(asked.named, *ADDED), begins, wanted),
        _searched(rows, of_folds(asked.named, Fold.min, Fold.max, Fold.quantile), begins, wanted),
    ]
    return side_by_side(parts, (PERIOD, SEGMENT))


def _folded(rows: pl.LazyFrame, by: Sequence[str], measures: Mapping[str, Measure]) -> pl.LazyFrame:
    """The rows of a group folded, by the shape they are of."""
    match next(iter(measures.values())).shape:
        case Shape.distinct:
            once = rows.group_by(*by, "_key").agg(_passed(one).any().alias(name) for name, one in measures.items())
            return once.group_by(by).agg(pl.col(name).sum().cast(pl.Int64) for name in measures)
        case Shape.values:
            ordered = rows.sort("_value").group_by(by, maintain_order=True)
            return ordered.agg(_quantile(one).alias(name) for name, one in measures.items())
        case _:
            return folded(rows, by=by, measures=measures)


def _passed(measure: Measure) -> pl.Expr:
    """Whether the measure's filter let a row through."""
    return pl.col(measure.column) if measure.filter else pl.lit(value=True)


def _quantile(measure: Measure) -> pl.Expr:
    values = pl.col("_value").filter(pl.col(measure.column)) if measure.filter else pl.col("_value")
    share = 0.5 if measure.quantile is None else measure.quantile
    if not measure.discrete:
        return values.quantile(share, interpolation="linear")
    place = (values.len() * pl.lit(share)).ceil().clip(lower_bound=1).cast(pl.Int64) - 1
    return values.get(place, null_on_oob=True)


def _begins(reach: Reach, calendar: Calendar) -> Numbers:
    """For the number of every hour that of the first hour in its reach."""
    hours = calendar.hours
    every = np.arange(hours.height, dtype=np.int64)
    if reach.window and reach.window.grain is Grain.hour:
        return np.maximum(every - reach.window.count + 1, 0)
    if reach.to_date is Grain.hour:
        return every
    clock = _clock(hours.get_column("day"), hours.get_column("hour"))
    if reach.window:
        return np.searchsorted(clock, _windows_begin(reach, calendar), side="left").astype(np.int64)
    if reach.to_date:
        starts = calendar.days.select("day", begin=f"{reach.to_date}_start")
        begin = hours.join(starts, on="day", how="left", maintain_order="left").get_column("begin")
        return np.searchsorted(clock, _clock(begin, None), side="left").astype(np.int64)
    return np.zeros(hours.height, dtype=np.int64)


def _windows_begin(reach: Reach, calendar: Calendar) -> Numbers:
    """What the clock shows at the beginning of every hour's window: after the hour, that many days back.

    After the last hour of a day it is midnight, so that the day's last hour has the value of the day.
    """
    assert reach.window is not None
    first = calendar.days.item(0, "day")
    before = calendar.earlier(Grain.day, reach.window).rename({"period_start": "day"})
    hours = (
        calendar.hours.select("day", "hour")
        .join(before, on="day", how="left", maintain_order="left")
        .join(calendar.trailing(reach.window), on="day", how="left", maintain_order="left")
        .with_columns(
            begin=pl.when(pl.col("hour") == 23).then("begin").otherwise(pl.col("source_start")).fill_null(first),
            hour=(pl.col("hour") + 1) % 24,
        )
    )
    return _clock(hours.get_column("begin"), hours.get_column("hour"))


def _clock(day: pl.Series, hour: pl.Series | None) -> Numbers:
    """Days and hours as one number; midnight where no hour is given."""
    numbers: Numbers = (day - date(1970, 1, 1)).dt.total_days().to_numpy() * 24
    return numbers if hour is None else numbers + hour.to_numpy()


def _leaves(begins: Numbers) -> pl.LazyFrame:
    """For every hour the first later one whose window no longer holds it: _at, _leaves."""
    every = np.arange(len(begins), dtype=np.int64)
    return pl.LazyFrame({AT: every, "_leaves": np.searchsorted(begins, every, side="right").astype(np.int64)})


def _added(
    rows: pl.LazyFrame, measures: Mapping[str, Measure], begins: Numbers, wanted: pl.DataFrame
) -> pl.LazyFrame | None:
    """Sums and counts; a sum of nothing but NULLs is NULL, one of no rows at all is 0."""
    if not measures:
        return None
    hours = counted_sums(rows, by=(SEGMENT, AT), measures=measures)
    columns = columns_of_sums(measures)
    running = hours.with_columns(pl.col(columns).fill_null(0)).sort(SEGMENT, AT)
    running = running.with_columns(pl.col(columns).cum_sum().over(SEGMENT)).sort(AT)
    before = pl.Series("_before", begins[wanted.get_column(AT).to_numpy()] - 1, pl.Int64)
    anchors = wanted.with_columns(before).lazy().join(running.select(SEGMENT).unique(), how="cross")
    earlier = running.rename({AT: "_before", **{name: f"{name}_left" for name in columns}})
    at = anchors.sort(AT).join_asof(running, on=AT, by=SEGMENT, check_sortedness=False)
    at = at.sort("_before").join_asof(earlier, on="_before", by=SEGMENT, check_sortedness=False)
    there = {name: pl.col(name) - pl.col(f"{name}_left").fill_null(0) for name in columns}
    return at.with_columns(**there).select(
        PERIOD,
        SEGMENT,
        *sums_there(measures),
    )


def _counted(
    rows: pl.LazyFrame, measures: Mapping[str, Measure], begins: Numbers, wanted: pl.DataFrame
) -> pl.LazyFrame:
    """Distinct counts: a key joins when it is seen, and leaves when it was not seen again in time."""
    steps: list[pl.LazyFrame] = []
    for name, measure in measures.items():
        seen = rows.filter(_passed(measure)).select(SEGMENT, "_key", AT).unique().sort(AT)
        again = seen.with_columns(_again=pl.col(AT).shift(-1).over(SEGMENT, "_key")).join(_leaves(begins), on=AT)
        steps.append(again.select(SEGMENT, AT, pl.lit(1, pl.Int64).alias(name)))
        gone = again.select(SEGMENT, pl.min_horizontal("_again", "_leaves").alias(AT), pl.lit(-1, pl.Int64).alias(name))
        steps.append(gone)
    totals = pl.concat(steps, how="diagonal").group_by(SEGMENT, AT).agg(pl.col(name).sum() for name in measures)
    running = totals.sort(SEGMENT, AT).with_columns(pl.col(list(measures)).cum_sum().over(SEGMENT)).sort(AT)
    anchors = wanted.lazy().join(running.select(SEGMENT).unique(), how="cross").sort(AT)
    return anchors.join_asof(running, on=AT, by=SEGMENT, check_sortedness=False).select(
        PERIOD, SEGMENT, *(pl.col(name).fill_null(0) for name in measures)
    )


def _searched(
    rows: pl.LazyFrame, measures: Mapping[str, Measure], begins: Numbers, wanted: pl.DataFrame
) -> pl.LazyFrame | None:
    """Minima, maxima and percentiles: every row is put into each window that holds it."""
    if not measures:
        return None
    last: int = wanted.item(-1, AT) if wanted.height else -1
    held = rows.join(_leaves(begins), on=AT).with_columns(
        pl.int_ranges(pl.col(AT), pl.min_horizontal("_leaves", pl.lit(last + 1))).alias(AT)
    )
    in_windows = held.explode(AT, empty_as_null=False).join(wanted.lazy(), on=AT)
    return _folded(in_windows, (PERIOD, SEGMENT), measures)
