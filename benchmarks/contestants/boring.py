"""boring-semantic-layer on DuckDB: one query a grain and breakdown, each for the 20 metrics that it can define.

Rolling windows, to-date sums and comparisons of periods are no measures there; they would be written by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
from boring_semantic_layer import to_semantic_table

from benchmarks.answers import Answer
from benchmarks.workload.metrics import BREAKDOWNS, DISTINCT, FILTERED_COUNTS, GRAINS, PERCENTILES, RATIOS, SUMS

if TYPE_CHECKING:
    from benchmarks.process import Clock

UNITS = {"day": "D", "week": "W", "month": "M", "quarter": "Q"}
METRICS = (*SUMS, *FILTERED_COUNTS, *DISTINCT, *RATIOS, *PERCENTILES)


def compute(data: Path, _clock: Clock) -> list[Answer]:
    """20 of the 24 metrics."""
    connection = ibis.duckdb.connect(data / "facts.duckdb", read_only=True)
    model = _model(connection.table("orders"))
    return [Answer(grain, breakdown, _asked(model, grain, breakdown)) for grain in GRAINS for breakdown in BREAKDOWNS]


def _model(orders: Any) -> Any:
    return (
        to_semantic_table(orders, name="orders")
        .with_dimensions(
            **{one: _period(one) for one in GRAINS},
            channel=lambda t: t.channel,
            country=lambda t: t.country,
        )
        .with_measures(
            orders=lambda t: t.count(),
            units=lambda t: t.quantity.sum(),
            revenue=lambda t: _gross(t).sum(),
            discounts=lambda t: t.discount.sum(),
            costs=lambda t: t.cost.sum(),
            net_revenue=lambda t: _net(t).sum(),
            margin=lambda t: (_net(t) - t.cost).sum(),
            refunds=lambda t: _net(t).sum(where=t.status == "refunded"),
            completed_orders=lambda t: (t.status == "completed").sum(),
            cancelled_orders=lambda t: (t.status == "cancelled").sum(),
            large_orders=lambda t: (t.quantity >= 5).sum(),
            discounted_orders=lambda t: (t.discount > 0).sum(),
            customers=lambda t: t.customer_id.nunique(),
            completed_customers=lambda t: t.customer_id.nunique(where=t.status == "completed"),
            electronics_customers=lambda t: t.customer_id.nunique(where=t.product_category == "electronics"),
            median_order_value=lambda t: _gross(t).cast("float64").quantile(0.5),
            p95_order_value=lambda t: _gross(t).cast("float64").quantile(0.95),
        )
        .with_measures(
            average_order_value=lambda t: t.net_revenue / t.orders,
            margin_rate=lambda t: t.margin / t.net_revenue,
            orders_per_customer=lambda t: t.completed_orders / t.completed_customers,
        )
    )


def _asked(model: Any, grain: str, breakdown: str) -> Any:
    """All metrics of a grain and breakdown, with the names of columns that answers have."""
    keys = (grain, breakdown) if breakdown else (grain,)
    found = model.group_by(*keys).aggregate(*METRICS).to_pyarrow()
    named = {grain: "period_start", breakdown: "segment"}
    return found.rename_columns([named.get(name, name) for name in found.column_names])


def _period(grain: str) -> Callable[[Any], Any]:
    return lambda orders: orders.ts.truncate(UNITS[grain])


def _gross(orders: Any) -> Any:
    return orders.quantity * orders.unit_price


def _net(orders: Any) -> Any:
    return _gross(orders) - orders.discount
