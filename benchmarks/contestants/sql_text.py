"""What the contestants written in SQL share: how each metric is written down, and the open database."""

from __future__ import annotations

from pathlib import Path

import duckdb

GROSS = "quantity * unit_price"
NET = f"({GROSS} - discount)"

ADDITIVE = {
    "orders": "count(*)",
    "units": "sum(quantity)",
    "revenue": f"sum({GROSS})",
    "discounts": "sum(discount)",
    "costs": "sum(cost)",
    "net_revenue": f"sum({NET})",
    "margin": f"sum({NET} - cost)",
    "refunds": f"sum(CASE WHEN status = 'refunded' THEN {NET} END)",
    "completed_orders": "count(CASE WHEN status = 'completed' THEN 1 END)",
    "cancelled_orders": "count(CASE WHEN status = 'cancelled' THEN 1 END)",
    "large_orders": "count(CASE WHEN quantity >= 5 THEN 1 END)",
    "discounted_orders": "count(CASE WHEN discount > 0 THEN 1 END)",
}
DISTINCT = {
    "customers": "count(DISTINCT customer_id)",
    "completed_customers": "count(DISTINCT CASE WHEN status = 'completed' THEN customer_id END)",
    "electronics_customers": "count(DISTINCT CASE WHEN product_category = 'electronics' THEN customer_id END)",
}
PERCENTILES = {
    "median_order_value": f"quantile_cont(({GROSS})::DOUBLE, 0.5)",
    "p95_order_value": f"quantile_cont(({GROSS})::DOUBLE, 0.95)",
}
RATIOS = {
    "average_order_value": ("net_revenue", "orders"),
    "margin_rate": ("margin", "net_revenue"),
    "orders_per_customer": ("completed_orders", "completed_customers"),
}
FIRST_DAY, LAST_DAY = "DATE '2021-01-01'", "DATE '2023-12-31'"
DAYS = f"SELECT day::DATE AS day FROM range({FIRST_DAY}, {LAST_DAY} + INTERVAL 1 DAY, INTERVAL 1 DAY) AS days(day)"


def opened(data: Path) -> duckdb.DuckDBPyConnection:
    """The facts, for reading."""
    connection = duckdb.connect(str(data / "facts.duckdb"), read_only=True)
    connection.execute("SET preserve_insertion_order = false")
    connection.execute("SET enable_progress_bar = false")
    return connection


def period(grain: str, day: str) -> str:
    """The first day of the period that a day lies in."""
    return f"date_trunc('{grain}', {day})::DATE" if grain != "day" else f"({day})::DATE"


def year_before(grain: str, now: str, before: str) -> str:
    """Whether a period lies one year before another: weeks by their ISO number, which 2020 had 53 of."""
    if grain == "week":
        return (
            f"isoyear({before}.period_start) = isoyear({now}.period_start) - 1 "
            f"AND week({before}.period_start) = week({now}.period_start)"
        )
    return f"{before}.period_start = {now}.period_start - INTERVAL 1 YEAR"
