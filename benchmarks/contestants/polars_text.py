"""What the contestants written in Polars share: the orders, and how each plain metric is written down.

NOTE: amounts are Float64 here, as Polars adds decimals in 128 bits; answers agree to a billionth all the same.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

GRAINS = {"day": "1d", "week": "1w", "month": "1mo", "quarter": "1q"}
KEYS = ("period_start", "segment")

GROSS = pl.col("gross")
NET = pl.col("gross") - pl.col("discount")
COMPLETED = pl.col("status") == "completed"
ELECTRONICS = pl.col("product_category") == "electronics"


def _counted(condition: pl.Expr) -> pl.Expr:
    """NOTE: a conditional sum is faster than a filter within an aggregate."""
    return pl.when(condition).then(1).otherwise(0).sum()


ADDITIVE = {
    "orders": pl.len().cast(pl.Int64),
    "units": pl.col("quantity").cast(pl.Int64).sum(),
    "revenue": GROSS.sum(),
    "discounts": pl.col("discount").sum(),
    "costs": pl.col("cost").sum(),
    "net_revenue": NET.sum(),
    "margin": (NET - pl.col("cost")).sum(),
    "refunds": pl.when(pl.col("status") == "refunded").then(NET).otherwise(0.0).sum(),
    "completed_orders": _counted(COMPLETED),
    "cancelled_orders": _counted(pl.col("status") == "cancelled"),
    "large_orders": _counted(pl.col("quantity") >= 5),
    "discounted_orders": _counted(pl.col("discount") > 0),
}
DISTINCT = {
    "customers": pl.col("customer_id").n_unique(),
    "completed_customers": pl.col("customer_id").filter(COMPLETED).n_unique(),
    "electronics_customers": pl.col("customer_id").filter(ELECTRONICS).n_unique(),
}
PERCENTILES = {
    "median_order_value": GROSS.quantile(0.5, "linear"),
    "p95_order_value": GROSS.quantile(0.95, "linear"),
}
PLAIN = ADDITIVE | DISTINCT | PERCENTILES
RATIOS = {
    "average_order_value": ("net_revenue", "orders"),
    "margin_rate": ("margin", "net_revenue"),
    "orders_per_customer": ("completed_orders", "completed_customers"),
}


def orders(data: Path) -> pl.LazyFrame:
    """The orders as they are read, with their day and what they cost."""
    money = ("unit_price", "discount", "cost")
    return (
        pl.scan_parquet(data / "parquet" / "*.parquet")
        .with_columns(pl.col("ts").dt.date().alias("day"), *(pl.col(one).cast(pl.Float64) for one in money))
        .with_columns(gross=pl.col("quantity") * pl.col("unit_price"))
    )


def every_day() -> pl.LazyFrame:
    """All days of the three years."""
    first, last = pl.date(2021, 1, 1), pl.date(2023, 12, 31)
    return pl.LazyFrame().select(day=pl.date_range(first, last, "1d"))


def dense(daily: pl.LazyFrame) -> pl.LazyFrame:
    """Every day of every segment, with zeros where there were no orders."""
    segments = daily.select("segment").unique()
    return every_day().join(segments, how="cross").join(daily, on=["day", "segment"], how="left").fill_null(0)


def ratio(over: str, under: str) -> pl.Expr:
    """One column divided by another; nothing where that is zero."""
    return pl.when(pl.col(under) != 0).then(pl.col(over) / pl.col(under))


def with_growth(summed: pl.LazyFrame, grain: str) -> pl.LazyFrame:
    """Adds how revenue grew since the period a year before; weeks go by their ISO number."""
    start = pl.col("period_start")
    if grain == "week":
        named = (start.dt.iso_year().alias("_year"), start.dt.week().cast(pl.Int32).alias("_number"))
    else:
        named = (
            start.dt.year().alias("_year"),
            (start.dt.month().cast(pl.Int32) * 100 + start.dt.day()).alias("_number"),
        )
    now = summed.with_columns(*named)
    before = now.select(pl.col("_year") + 1, "_number", "segment", pl.col("revenue").alias("_before"))
    return (
        now.join(before, on=["_year", "_number", "segment"], how="left")
        .with_columns(revenue_growth=ratio("revenue", "_before") - 1)
        .drop("_year", "_number", "_before")
    )
