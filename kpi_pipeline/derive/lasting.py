"""Values of what lasts: rows that count from one day on and before another, or from hour to hour."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from kpi_pipeline.derive.additive import anchored_periods
from kpi_pipeline.derive.anchors import ANCHOR, anchors, over_days
from kpi_pipeline.derive.asked import Asked
from kpi_pipeline.derive.hour_numbers import AT, hours_wanted, lasting_by_hour
from kpi_pipeline.derive.partials import Partials
from kpi_pipeline.derive.segments import SEGMENT
from kpi_pipeline.derive.standing import standing
from kpi_pipeline.periods import Grain
from kpi_pipeline.plan import Fold, Interval, Measure

NEVER = 2**62
"""The number of an hour that does not come."""
_PARTS = ("seen", "rows", "begun")


def lasting_values(rows: pl.LazyFrame, asked: Asked, partials: Partials) -> pl.LazyFrame:
    """Period, segment and a column a leaf, from rows that count from `_day` on and before `_until`.

    Where all rows that have begun have ended, what lasts is 0; states have no value. Before the first there is none.
    """
    measure = asked.measure
    choice = measure.stock.choice if measure.stock else "last"
    wanted = _wanted(asked, partials, choice)
    if measure.fold is Fold.distinct:
        days = _keys(rows, asked.named, wanted, _begun(asked, partials))
    else:
        days = _totals(rows, asked.named, wanted)
    return over_days(days, (pl.col(name) for name in asked.named), choice)


def lasting_rows(asked: Asked, measure: Measure, partials: Partials) -> pl.LazyFrame:
    """The partial results of a stock by segment, from `_day` on and before `_until`: days, or the numbers of hours."""
    if asked.timeline.grain is Grain.hour:
        return lasting_by_hour(asked, measure, partials)
    return asked.segments.attached(partials.up_to(asked.timeline.newest_day, measure))


def _wanted(asked: Asked, partials: Partials, choice: str) -> pl.DataFrame:
    """The days, or the hours by their numbers, whose values are looked at: period_start, _anchor."""
    if asked.timeline.grain is Grain.hour:
        return hours_wanted(asked, partials).rename({AT: ANCHOR})
    begun = partials.begun(asked.measure, asked.timeline.newest_day)
    return anchors(anchored_periods(asked.timeline, begun), choice)


def _totals(rows: pl.LazyFrame, measures: Mapping[str, Measure], wanted: pl.DataFrame) -> pl.LazyFrame:
    """Sums and counts; what is active but holds only NULLs has no sum."""
    columns = [f"{name}{part}" for name in measures for part in ("", *(f"_{one}" for one in _PARTS))]
    counted = rows.with_columns(
        part.alias(name) for one, measure in measures.items() for name, part in _parts(one, measure).items()
    )
    joins = counted.select(SEGMENT, *columns, _at="_day")
    ended = counted.filter(pl.col("_until").is_not_null()).select(SEGMENT, *columns, _at="_until")
    leaves = ended.with_columns(pl.lit(0, pl.Int64).alias(f"{name}_begun") for name in measures)
    at = standing(joins, leaves, columns, wanted)
    values = (_total(name, measure).alias(name) for name, measure in measures.items())
    return at.select("period_start", ANCHOR, SEGMENT, *values)


def _parts(name: str, measure: Measure) -> dict[str, pl.Expr]:
    """What is added up of a measure, and beside it how many values, rows and rows begun that is of."""
    value, rows = pl.col(measure.column), pl.col(measure.rows.column)
    return {
        name: value,
        f"{name}_seen": value.is_not_null().cast(pl.Int64),
        f"{name}_rows": rows,
        f"{name}_begun": rows,
    }


def _total(name: str, measure: Measure) -> pl.Expr:
    begun, seen = pl.col(f"{name}_begun"), pl.col(f"{name}_seen") > 0
    if not isinstance(measure.stock, Interval):
        return pl.when(seen).then(pl.col(name))
    if measure.stock.begun:
        return begun
    return pl.when((begun > 0) & (seen | (pl.col(f"{name}_rows") == 0))).then(pl.col(name))


def _keys(
    rows: pl.LazyFrame, measures: Mapping[str, Measure], wanted: pl.DataFrame, begun: pl.LazyFrame
) -> pl.LazyFrame:
    """Distinct counts: a key counts once however many of its rows are active, until the last of them ends.

    Of rows that have begun and have no key, or have all ended, it is 0.
    """
    joins: list[pl.LazyFrame] = []
    leaves: list[pl.LazyFrame] = []
    for name, measure in measures.items():
        stays = _stays(rows.filter(measure.column)).with_columns(pl.lit(1, pl.Int64).alias(name))
        joins.append(stays.select(SEGMENT, name, _at="_day"))
        leaves.append(stays.filter(pl.col("_until").is_not_null()).select(SEGMENT, name, _at="_until"))
    at = standing(pl.concat(joins, how="diagonal"), pl.concat(leaves, how="diagonal"), list(measures), wanted)
    keys = ["period_start", ANCHOR, SEGMENT]
    there = wanted.lazy().join(begun, how="cross").join(at.select(*keys, *measures), on=keys, how="left")
    values = (pl.when(pl.col(ANCHOR) >= pl.col(f"{name}_since")).then(pl.col(name).fill_null(0)) for name in measures)
    return there.select(*keys, *values)


def _begun(asked: Asked, partials: Partials) -> pl.LazyFrame:
    """When the first row of each segment and measure begins: segment, a column a measure."""
    rows = lasting_rows(asked, asked.measure.rows, partials)
    return rows.group_by(SEGMENT).agg(
        pl.col("_day").filter(pl.col(one.rows.column) > 0).min().alias(f"{name}_since")
        for name, one in asked.named.items()
    )


def _stays(rows: pl.LazyFrame) -> pl.LazyFrame:
    """From when to when each key is there, where rows of it overlap or meet: they are one stay."""
    key = (SEGMENT, "_key")
    forever = pl.lit(NEVER if rows.collect_schema()["_until"].is_integer() else date.max)
    ordered = rows.select(*key, "_day", _until=pl.col("_until").fill_null(forever)).sort("_day")
    reached = pl.col("_until").cum_max().shift(1).over(key)
    apart = (pl.col("_day") > reached).fill_null(value=True)
    numbered = ordered.with_columns(_apart=apart).with_columns(_stay=pl.col("_apart").cum_sum().over(key))
    whole = numbered.group_by(*key, "_stay").agg(pl.col("_day").min(), pl.col("_until").max())
    return whole.with_columns(_until=pl.when(pl.col("_until") < forever).then("_until"))
