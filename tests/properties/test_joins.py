"""A dimension of another model gives what the same column gives that somebody joined by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.engine import Table, engine

FIRST = datetime(2024, 1, 1)
Rows = list[tuple[Any, ...]]

keys = st.one_of(st.none(), st.integers(1, 5))
moments = st.integers(0, 70 * 24).map(lambda hours: FIRST + timedelta(hours=hours))
sale = st.tuples(moments, keys, st.one_of(st.none(), st.integers(-300, 300)))
customer = st.tuples(st.one_of(st.none(), st.sampled_from(["FR", "ES"])), st.one_of(st.none(), st.integers(1, 3)))
ends = st.lists(st.integers(0, 75), min_size=0, max_size=4, unique=True).map(sorted)

MODELS: list[dict[str, Any]] = [
    {
        "name": "sales",
        "table": "raw.sales",
        "agg_time_dimension": "sold_at",
        "entities": [{"name": "customer", "type": "foreign"}],
    },
    {
        "name": "customers",
        "table": "raw.customers",
        "agg_time_dimension": "day",
        "entities": [{"name": "customer", "type": "primary", "expr": "id"}, {"name": "region", "type": "foreign"}],
        "dimensions": ["country"],
    },
    {
        "name": "regions",
        "table": "raw.regions",
        "agg_time_dimension": "day",
        "entities": [{"name": "region", "type": "unique", "expr": "id"}],
        "dimensions": ["name"],
    },
    {
        "name": "tiers",
        "table": "raw.tiers",
        "agg_time_dimension": "since",
        "entities": [{"name": "customer", "type": "natural"}],
        "dimensions": [
            "tier",
            {"name": "since", "type": "time", "validity_params": {"is_start": True}},
            {"name": "until", "type": "time", "validity_params": {"is_end": True}},
        ],
    },
    {
        "name": "by_hand",
        "sql": """
            SELECT s.*, c.country, r.name AS region_name, t.tier,
                   (SELECT count(*) FROM raw.sales AS o WHERE o.customer = s.customer) AS orders
            FROM raw.sales AS s
            LEFT JOIN raw.customers AS c ON c.id = s.customer
            LEFT JOIN raw.regions AS r ON r.id = c.region
            LEFT JOIN raw.tiers AS t ON t.customer = s.customer AND coalesce(s.sold_at >= t.since, true)
                                    AND coalesce(s.sold_at < t.until, true)
        """,
        "agg_time_dimension": "sold_at",
        "dimensions": ["country", "region_name", "tier", "orders"],
    },
]
METRICS: list[dict[str, Any]] = [
    {"name": f"{agg}_{model}", "type": "simple", "model": model, "agg": agg, "expr": expr}
    for model in ("sales", "by_hand")
    for agg, expr in (("sum", "amount"), ("count", "1"), ("count_distinct", "customer"), ("median", "amount"))
]
SAME = {
    "customer__country": "country",
    "customer__region__name": "region_name",
    "customer__tier": "tier",
}
CONDITIONS = {
    "customer__country = 'FR' OR customer__tier IS NULL": "country = 'FR' OR tier IS NULL",
    "customer__region__name <> 'r1'": "region_name <> 'r1'",
    "metric('count_sales', 'customer') > 1": "orders > 1",
    "metric('count_sales', 'customer') <= 2 AND customer__tier = 't0'": "orders BETWEEN 1 AND 2 AND tier = 't0'",
}


@given(
    sales=st.lists(sale, min_size=1, max_size=12),
    customers=st.lists(customer, max_size=5),
    changes=st.lists(ends, max_size=5),
    grain=st.sampled_from([None, "day", "week", "month"]),
    by=st.lists(st.sampled_from(sorted(SAME)), max_size=2, unique=True),
    condition=st.sampled_from([None, *CONDITIONS]),
)
@settings(max_examples=25, derandomize=True, phases=(Phase.explicit, Phase.generate))
def test_joined_is_as_joined_by_hand(
    sales: Rows,
    customers: Rows,
    changes: list[list[int]],
    grain: str | None,
    by: list[str],
    condition: str | None,
) -> None:
    tables = {
        "sales": _table("sold_at timestamp | customer integer | amount integer", sales),
        "customers": _table(
            "id integer | country varchar | region integer | day date",
            [(number, *one, date(2024, 1, 1)) for number, one in enumerate(customers, 1)],
        ),
        "regions": _table(
            "id integer | name varchar | day date", [(one, f"r{one}", date(2024, 1, 1)) for one in (1, 2)]
        ),
        "tiers": _table("customer integer | tier varchar | since date | until date", list(_tiers(changes))),
    }
    with engine(tables, models=MODELS, metrics=METRICS) as on_rows:
        joined = on_rows.query(_metrics("sales"), grain=grain, by=by, where=condition)
        where = CONDITIONS[condition] if condition else None
        by_hand = on_rows.query(_metrics("by_hand"), grain=grain, by=[SAME[one] for one in by], where=where)

    assert sorted(map(repr, joined.rows())) == sorted(map(repr, by_hand.rows()))


def _metrics(model: str) -> list[str]:
    return [one["name"] for one in METRICS if one["model"] == model]


def _tiers(changes: list[list[int]]) -> Any:
    """Spans that follow one another: the first open at its beginning, the last at its end."""
    for number, days in enumerate(changes, 1):
        borders = [None, *(FIRST.date() + timedelta(days=day) for day in days), None]
        for place, (since, until) in enumerate(pairwise(borders)):
            yield number, f"t{place}", since, until


def _table(head: str, rows: Rows) -> Table:
    columns = dict(cell.strip().rsplit(" ", 1) for cell in head.split("|"))
    return Table(columns, [[None if value is None else str(value) for value in row] for row in rows])
