"""The days of a period whose values are looked at, and the value they give the period."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from kpi_pipeline.derive.segments import SEGMENT

ANCHOR = "_anchor"
EVERY_DAY = ("average", "highest", "lowest")
"""Choices that look at all days of a period."""


def anchors(periods: pl.DataFrame, choice: str) -> pl.DataFrame:
    """The days whose value is wanted: period_start, _anchor.

    `periods`: period_start, first_day, period_end, where only days from the first to the newest with data count.
    """
    last = pl.col("period_end") - pl.duration(days=1)
    if choice in EVERY_DAY:
        days = pl.date_ranges("first_day", last, interval="1d")
        return periods.select("period_start", days.alias(ANCHOR)).explode(ANCHOR, empty_as_null=False)
    return periods.select("period_start", (pl.col("first_day") if choice == "first" else last).alias(ANCHOR))


def over_days(values: pl.LazyFrame, columns: Iterable[pl.Expr], choice: str) -> pl.LazyFrame:
    """The value of each period and segment out of those of its days; days without a value are passed over.

    NOTE: a sum is exact before it is divided, so the order of days cannot change the last digits of an average.
    """
    if choice not in EVERY_DAY:
        return values.drop(ANCHOR)
    ordered = values.sort("period_start", ANCHOR, SEGMENT).group_by("period_start", SEGMENT, maintain_order=True)
    return ordered.agg(of_all(column, choice) for column in columns)


def of_all(column: pl.Expr, choice: str) -> pl.Expr:
    """The average, highest or lowest of a group's values."""
    match choice:
        case "highest":
            return column.max()
        case "lowest":
            return column.min()
        case _:
            return pl.when(column.count() > 0).then(column.sum().cast(pl.Float64) / column.count())
