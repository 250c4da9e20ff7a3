"""Polars, sharing by hand what can be shared.

The plan is that of the shared scan in SQL: sums and counts once by day and all dimensions, customers once a day,
segment and key, their activity as intervals, both percentiles in one aggregation. NOTE: as one graph with a single
`collect_all` it takes about three times as long, because the optimiser computes shared parts again; so they are
collected where several frames begin at them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from benchmarks.answers import Answer
from benchmarks.contestants.polars_text import (
    ADDITIVE,
    COMPLETED,
    ELECTRONICS,
    GRAINS,
    KEYS,
    PERCENTILES,
    RATIOS,
    dense,
    orders,
    ratio,
    with_growth,
)
from benchmarks.workload.metrics import BREAKDOWNS

if TYPE_CHECKING:
    from benchmarks.process import Clock


def compute(data: Path, _clock: Clock) -> list[Answer]:
    """All 24 metrics."""
    rows = orders(data)
    added = rows.group_by("day", "channel", "country").agg(**ADDITIVE).collect().lazy()
    return [
        Answer(grain, breakdown, frame.to_arrow())
        for breakdown in BREAKDOWNS
        for grain, frame in zip(GRAINS, pl.collect_all(_sheets(rows, added, breakdown)), strict=True)
    ]


def _sheets(rows: pl.LazyFrame, added: pl.LazyFrame, breakdown: str) -> list[pl.LazyFrame]:
    """All metrics of a breakdown, a frame a grain."""
    segment = (pl.col(breakdown) if breakdown else pl.lit("")).alias("segment")
    days = _days(added.with_columns(segment)).collect().lazy()
    seen = (
        rows.with_columns(segment)
        .group_by("day", "segment", "customer_id")
        .agg(completed=COMPLETED.any(), electronics=ELECTRONICS.any())
        .collect()
        .lazy()
    )
    days = days.join(_rolling_customers(seen, days), on=["day", "segment"]).collect().lazy()
    return [_sheet(rows.with_columns(segment), days, seen, grain) for grain in GRAINS]


def _days(added: pl.LazyFrame) -> pl.LazyFrame:
    days = dense(added.group_by("day", "segment").agg(pl.col(*ADDITIVE).sum())).sort("segment", "day")
    revenue = pl.col("revenue")
    return days.with_columns(
        revenue_28d=revenue.rolling_sum(28, min_samples=1).over("segment"),
        revenue_mtd=revenue.cum_sum().over("segment", pl.col("day").dt.truncate("1mo")),
    )


def _rolling_customers(seen: pl.LazyFrame, days: pl.LazyFrame) -> pl.LazyFrame:
    """Customers of the 28 days up to each day: those who came, less those who left."""
    same_after = (pl.col("segment").shift(-1) == pl.col("segment")) & (
        pl.col("customer_id").shift(-1) == pl.col("customer_id")
    )
    gap = (pl.col("day").shift(-1) - pl.col("day")).dt.total_days()
    ends = ~same_after.fill_null(value=False) | (gap >= 28)
    spans = (
        seen.select("segment", "customer_id", "day")
        .sort("segment", "customer_id", "day")
        .with_columns(ends=ends)
        .with_columns(begins=pl.col("ends").shift(1, fill_value=True))
    )
    joined = spans.filter("begins").select("day", "segment", step=pl.lit(1))
    left = spans.filter("ends").select(pl.col("day").dt.offset_by("28d"), "segment", step=pl.lit(-1))
    changes = pl.concat([joined, left]).group_by("day", "segment").agg(pl.col("step").sum())
    return (
        days.select("day", "segment")
        .join(changes, on=["day", "segment"], how="left")
        .sort("segment", "day")
        .select("day", "segment", customers_28d=pl.col("step").fill_null(0).cum_sum().over("segment"))
    )


def _sheet(rows: pl.LazyFrame, days: pl.LazyFrame, seen: pl.LazyFrame, grain: str) -> pl.LazyFrame:
    period = pl.col("day").dt.truncate(GRAINS[grain]).alias("period_start")
    last = pl.col("revenue_28d", "revenue_mtd", "customers_28d").sort_by("day").last()
    summed = days.group_by(period, "segment").agg(pl.col(*ADDITIVE).sum(), last)
    customers = (
        seen.group_by(period, "segment", "customer_id")
        .agg(pl.col("completed").any(), pl.col("electronics").any())
        .group_by(KEYS)
        .agg(
            customers=pl.len(),
            completed_customers=pl.col("completed").sum(),
            electronics_customers=pl.col("electronics").sum(),
        )
    )
    values = rows.group_by(period, "segment").agg(**PERCENTILES)
    return (
        with_growth(summed, grain)
        .join(customers, on=KEYS, how="left")
        .join(values, on=KEYS, how="left")
        .with_columns(**{name: ratio(over, under) for name, (over, under) in RATIOS.items()})
    )
