"""Questions that cannot be answered are refused, with a way out."""

from __future__ import annotations

from typing import Any

import pytest

from kpi_pipeline.compile.canonical import condition_asked
from kpi_pipeline.errors import QueryError
from kpi_pipeline.models import Model
from tests.engine import engine

ROWS = {
    "sales": """
        day date   | country varchar | orders integer | amount integer
        2024-01-01 | FR              | 1              | 2
    """,
    "visits": """
        day date   | people integer
        2024-01-01 | 3
    """,
}
METRICS: list[dict[str, Any]] = [
    {"name": "amount", "type": "simple", "model": "sales", "agg": "sum", "expr": "amount"},
    {"name": "orders", "type": "simple", "model": "sales", "agg": "sum", "expr": "orders"},
    {"name": "guests", "type": "simple", "model": "visits", "agg": "sum", "expr": "people"},
    {"name": "per_guest", "type": "ratio", "numerator": "amount", "denominator": "guests"},
    {
        "name": "growth",
        "type": "derived",
        "expr": "amount - before",
        "input_metrics": ["amount", {"name": "amount", "alias": "before", "offset_window": "1 month"}],
    },
]


@pytest.mark.parametrize(
    ("metrics", "asked", "match"),
    [
        (["amuont"], {}, "no metric named 'amuont'.\nHint: did you mean 'amount'"),
        ([], {}, "at least one metric"),
        (["amount"], {"by": ["contry"]}, "did you mean 'country'"),
        (["per_guest"], {"by": ["country"]}, "model 'visits' has no such dimension"),
        (["orders"], {"by": ["orders"]}, "a metric and a dimension"),
        (["growth"], {}, "compares periods, so it needs a grain"),
        (["growth"], {"grain": "year"}, "no whole number of years"),
        (["amount"], {"grain": "fortnight"}, "not a grain"),
        (["amount"], {"where": "city = 'Paris'"}, "no such dimension"),
        (["amount"], {"where": 'country = "France"'}, "single quotes: 'France'"),
        (["amount"], {"where": "country ="}, "not complete, or not SQL"),
        (
            ["amount"],
            {"where": "metric('amuont', 'shop') > 1"},
            "no metric named 'amuont'.\nHint: did you mean 'amount'",
        ),
        (["amount"], {"where": "metric('amount', 'shop') > 1"}, "model 'sales' has no entity 'shop'"),
        (["amount"], {"where": "metric('amount') > 1"}, "does not name a metric and the entity"),
        (["amount"], {"where": "{{ Entity('shop') }} = 1"}, "is not known here"),
        (["amount"], {"where": "shop__city = 'Paris'"}, "no entity 'shop' to look it up by"),
        (["amount"], {"by": ["shop__city"]}, "no entity 'shop' to look it up by"),
        (["amount"], {"by": ["day__fortnight"]}, "names no grain and no part of a date"),
        (["amount"], {"by": ["metric_time__extract_century"]}, "no grain and no part of a date"),
        (["amount", "guests"], {"by": ["country"]}, "Metric 'guests' cannot be asked by 'country'"),
        (["amount"], {"grain": "mnth"}, "not a grain.\nHint: did you mean 'month'"),
        (["amount"], {"start": "2024-13"}, "names no day and no period"),
        (["amount"], {"order_by": ["amuont"]}, "no column 'amuont' to order by.\nHint: did you mean 'amount'"),
    ],
)
def test_refused(metrics: list[str], asked: dict[str, Any], match: str) -> None:
    with engine(ROWS, metrics=METRICS) as here, pytest.raises(QueryError, match=match):
        here.query(metrics, **asked)


@pytest.mark.parametrize(
    "condition",
    [
        "sum(amount) > 3",
        "country IN (SELECT 1)",
        "EXISTS (SELECT 1)",
        "row_number() OVER () = 1",
        "SELECT 1",
        "DROP TABLE x",
        "country = 'a'; DELETE FROM raw.sales",
        "*",
    ],
)
def test_only_plain_conditions_are_let_through(condition: str) -> None:
    with pytest.raises(QueryError):
        condition_asked(condition)


@pytest.mark.parametrize("name", ["value", "is_other", "numerator", "sample_size", "period_start", "previous_value"])
def test_dimension_called_like_a_column_of_values_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"'{name}' is a column that values have"):
        Model.model_validate({"name": "m", "table": "raw.x", "agg_time_dimension": "day", "dimensions": [name]})


def test_order_and_limit() -> None:
    rows = {
        "sales": "day date | country varchar | amount integer\n2024-01-01 | a | 1\n2024-01-01 | b | 3\n2024-01-02 | c |"
    }
    with engine(rows, metrics=METRICS[:1]) as here:
        table = here.query(["amount"], by=["country"], order_by=["-amount"], limit=2)
    assert table.rows() == [("b", 3.0), ("a", 1.0)]
