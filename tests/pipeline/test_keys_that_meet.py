"""A number here and a text there never meet: it is said before a run, with both types and a way out."""

from __future__ import annotations

from typing import Any

import pytest

from kpi_pipeline.names import TableRef
from kpi_pipeline.pipeline.binding import unbindable
from tests.engine import Table, project_of


def _problems(customer: str, key: str, *, expr: str = "customer", buyer: str = "BIGINT") -> list[Any]:
    types = {
        "sales": {"day": "DATE", "customer": customer, "product": "VARCHAR"},
        "customers": {"id": key, "region": "VARCHAR"},
        "orders": {"day": "DATE", "buyer": buyer, "product": "VARCHAR"},
    }
    models: list[dict[str, Any]] = [
        {
            "name": "sales",
            "table": "raw.sales",
            "agg_time_dimension": "day",
            "entities": [{"name": "customer", "type": "foreign", "expr": expr}],
        },
        {
            "name": "customers",
            "table": "raw.customers",
            "entities": [{"name": "customer", "type": "primary", "expr": "id"}],
            "dimensions": ["region"],
        },
        {
            "name": "orders",
            "table": "raw.orders",
            "agg_time_dimension": "day",
            "entities": [{"name": "customer", "type": "foreign", "expr": "buyer"}],
        },
    ]
    metrics = [
        {"name": "seen", "type": "simple", "model": "sales", "agg": "count"},
        {"name": "bought", "type": "simple", "model": "orders", "agg": "count"},
        {
            "name": "rate",
            "type": "conversion",
            "entity": "customer",
            "base_metric": "seen",
            "conversion_metric": "bought",
            "window": "7 days",
        },
    ]
    project = project_of({name: Table(one, []) for name, one in types.items()}, models=models, metrics=metrics)
    return list(unbindable(project, {TableRef("raw", name): one for name, one in types.items()}))


@pytest.mark.parametrize(
    ("customer", "key"),
    [("BIGINT", "INTEGER"), ("VARCHAR", "VARCHAR"), ("DATE", "TIMESTAMP"), ("DECIMAL(9,0)", "BIGINT")],
)
def test_keys_that_meet(customer: str, key: str) -> None:
    assert not _problems(customer, key, buyer=customer)


@pytest.mark.parametrize(("customer", "key"), [("BIGINT", "VARCHAR"), ("VARCHAR", "DATE"), ("UUID", "VARCHAR")])
def test_keys_that_never_do(customer: str, key: str) -> None:
    first, *_ = _problems(customer, key, buyer=customer)

    assert first.message == (
        f"Model 'sales': the entity 'customer' is {customer}, but {key} in model 'customers', where it leads."
    )
    assert f"expr: CAST(customer AS {key})" in first.hint


def test_keys_that_are_cast() -> None:
    assert not _problems("BIGINT", "VARCHAR", expr="CAST(customer AS VARCHAR)", buyer="VARCHAR")


def test_events_that_would_never_match() -> None:
    *_, last = _problems("VARCHAR", "VARCHAR", buyer="BIGINT")

    assert last.message == (
        "Metric 'rate' looks for the same 'customer' in two models, but it is VARCHAR in 'sales' and BIGINT in 'orders'."
    )
