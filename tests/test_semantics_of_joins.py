"""The examples of joins on the page about semantics are computed, from the rows on the page."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine import engine
from tests.pages import table
from tests.test_semantics_page import PAGE, blocks, shown

MODELS: list[dict[str, Any]] = [
    {
        "name": "sales",
        "table": "raw.lines",
        "agg_time_dimension": "sold_at",
        "entities": [{"name": "customer", "type": "foreign"}],
    },
    {
        "name": "customers",
        "table": "raw.customers",
        "agg_time_dimension": "since",
        "entities": [{"name": "customer", "type": "primary"}],
        "dimensions": ["tier"],
    },
]
METRICS: list[dict[str, Any]] = [
    {"name": "revenue", "type": "simple", "model": "sales", "agg": "sum", "expr": "amount"},
    {"name": "orders", "type": "simple", "model": "sales", "agg": "count_distinct", "expr": "invoice"},
    {"name": "customers", "type": "simple", "model": "sales", "agg": "count_distinct", "expr": "customer"},
]


def drawn(start: str, head: str) -> str:
    """A block of the page as a drawn table."""
    rows = next(text for text in blocks("csv") if text.startswith(start)).splitlines()[1:]
    return "\n".join([head, *(row.replace(",", " | ") for row in rows)])


@pytest.mark.parametrize(
    ("about", "asked"),
    [
        ("customer__tier", {"by": ["customer__tier"]}),
        ("where metric('orders', 'customer') > 2", {"grain": "month", "where": "metric('orders', 'customer') > 2"}),
    ],
)
def test_examples(about: str, asked: dict[str, Any]) -> None:
    tables = {
        "lines": drawn(
            "sold_at", "sold_at timestamp | invoice varchar | customer varchar | country varchar | amount decimal(9,2)"
        ),
        "customers": drawn("customer,tier", "customer varchar | tier varchar | since date"),
    }
    heads, rows = table(PAGE, f"query, {about}")
    with engine(tables, models=MODELS, metrics=METRICS) as on_rows:
        found = on_rows.query(heads[1:], **asked).rows()

    named = [[f"{key:%Y-%m}" if "grain" in asked else key or "(none)", *map(shown, values)] for key, *values in found]
    assert rows == named
