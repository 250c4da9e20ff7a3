"""Polars, one lazy query a series, each read from the Parquet files: 288 queries."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from benchmarks.answers import Answer
from benchmarks.contestants.polars_text import GRAINS, KEYS, PLAIN, RATIOS, dense, orders, ratio, with_growth
from benchmarks.workload.metrics import BREAKDOWNS, METRICS

if TYPE_CHECKING:
    from benchmarks.process import Clock


def compute(data: Path, _clock: Clock) -> list[Answer]:
    """All 24 metrics."""
    return [
        Answer(grain, breakdown, _query(data, metric, grain, breakdown).collect().to_arrow())
        for metric in METRICS
        for grain in GRAINS
        for breakdown in BREAKDOWNS
    ]


def _query(data: Path, metric: str, grain: str, breakdown: str) -> pl.LazyFrame:
    segment = pl.col(breakdown) if breakdown else pl.lit("")
    rows = orders(data).with_columns(segment=segment, period_start=pl.col("day").dt.truncate(GRAINS[grain]))
    match metric:
        case "revenue_28d":
            return _last_days(_daily(rows).with_columns(_rolling().alias(metric)), metric, grain)
        case "revenue_mtd":
            to_date = pl.col("revenue").cum_sum().over("segment", pl.col("day").dt.truncate("1mo"))
            return _last_days(_daily(rows).with_columns(to_date.alias(metric)), metric, grain)
        case "customers_28d":
            return _customers_28d(rows, grain)
        case "revenue_growth":
            summed = _daily(rows).group_by(pl.col("day").dt.truncate(GRAINS[grain]).alias("period_start"), "segment")
            return with_growth(summed.agg(pl.col("revenue").sum()), grain).drop("revenue")
    if metric in RATIOS:
        over, under = RATIOS[metric]
        both = rows.group_by(KEYS).agg(PLAIN[over].alias(over), PLAIN[under].alias(under))
        return both.select(*KEYS, ratio(over, under).alias(metric))
    return rows.group_by(KEYS).agg(PLAIN[metric].alias(metric))


def _daily(rows: pl.LazyFrame) -> pl.LazyFrame:
    return dense(rows.group_by("day", "segment").agg(pl.col("gross").sum().alias("revenue"))).sort("segment", "day")


def _rolling() -> pl.Expr:
    return pl.col("revenue").rolling_sum(28, min_samples=1).over("segment")


def _last_days(days: pl.LazyFrame, metric: str, grain: str) -> pl.LazyFrame:
    """The value of each period's last day."""
    return days.group_by(pl.col("day").dt.truncate(GRAINS[grain]).alias("period_start"), "segment").agg(
        pl.col(metric).sort_by("day").last()
    )


def _customers_28d(rows: pl.LazyFrame, grain: str) -> pl.LazyFrame:
    """Each day's window is gone through; the windows of days that end no period are left out."""
    seen = rows.select("day", "segment", "customer_id").unique().sort("day")
    windows = seen.group_by_dynamic(
        "day", every="1d", period="28d", offset="-28d", closed="right", label="right", group_by="segment"
    ).agg(pl.col("customer_id").n_unique().alias("customers_28d"))
    after = pl.col("day").dt.truncate(GRAINS[grain]).dt.offset_by(GRAINS[grain])
    return windows.filter(pl.col("day") == after.dt.offset_by("-1d"), pl.col("day") <= pl.date(2023, 12, 31)).select(
        pl.col("day").dt.truncate(GRAINS[grain]).alias("period_start"), "segment", "customers_28d"
    )
