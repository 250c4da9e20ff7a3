"""What is asked: 24 metrics at four grains and three breakdowns, 288 series."""

from __future__ import annotations

GRAINS = ("day", "week", "month", "quarter")
BREAKDOWNS = ("", "channel", "country")
"""The dimension that values are broken down by; nothing for the total."""

SUMS = ("orders", "units", "revenue", "discounts", "costs", "net_revenue", "margin", "refunds")
FILTERED_COUNTS = ("completed_orders", "cancelled_orders", "large_orders", "discounted_orders")
DISTINCT = ("customers", "completed_customers", "electronics_customers")
RATIOS = ("average_order_value", "margin_rate", "orders_per_customer")
PERCENTILES = ("median_order_value", "p95_order_value")
CUMULATIVE = ("revenue_28d", "customers_28d", "revenue_mtd")
COMPARED = ("revenue_growth",)

ADDITIVE = (*SUMS, *FILTERED_COUNTS)
METRICS = (*ADDITIVE, *DISTINCT, *RATIOS, *PERCENTILES, *CUMULATIVE, *COMPARED)

FROM_ADDITIVE = (*ADDITIVE, "average_order_value", "margin_rate", "revenue_28d", "revenue_mtd", "revenue_growth")
"""Those that sums and counts a day are enough for."""
