"""A small table of orders to check, and a short way to check it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from kpi_pipeline.checks import Check
from kpi_pipeline.checks.result import CheckResult
from kpi_pipeline.names import TableRef
from kpi_pipeline.quality import CheckTarget, check_tables
from kpi_pipeline.store.warehouse import Warehouse

AS_OF = datetime(2010, 12, 10, 12, 0, tzinfo=UTC)

ORDERS = """
CREATE TABLE raw.orders AS SELECT * FROM (VALUES
    ('A1', 17850, 2.50::DECIMAL(18, 2), 'France',  TIMESTAMP '2010-12-08 09:00', 1, DATE '2010-12-08'),
    ('A2', 17850, 3.00,                 'Germany', TIMESTAMP '2010-12-08 10:00', 2, DATE '2010-12-08'),
    ('A3', 13047, 7.25,                 'France',  TIMESTAMP '2010-12-09 11:00', 3, DATE '2010-12-07'),
    ('C4', NULL,  -1.00,                NULL,      TIMESTAMP '2010-12-09 12:00', 4, DATE '2010-12-07')
) AS rows ("Invoice", "Customer ID", "Price", "Country", "InvoiceDate", "Paid?", day)
"""

CUSTOMERS = 'CREATE TABLE raw.customers AS SELECT * FROM (VALUES (17850), (99999)) AS rows ("Customer ID")'

Checked = Callable[..., tuple[CheckResult, ...]]


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    with Warehouse.in_memory() as warehouse:
        warehouse.run(ORDERS)
        warehouse.run(CUSTOMERS)
        yield warehouse


@pytest.fixture
def checked(warehouse: Warehouse) -> Checked:
    """Checks raw.orders: `checked({"type": "not_null", ...}, ...)`."""

    def check(
        *written: dict[str, Any],
        personal: tuple[str, ...] = (),
        docs: Path | None = None,
        timezone: str = "UTC",
        table: str = "orders",
    ) -> tuple[CheckResult, ...]:
        checks = TypeAdapter(tuple[Check, ...]).validate_python(written)
        target = CheckTarget(
            f"raw/{table}",
            TableRef("raw", table),
            checks,
            personal=personal,
            related={"customers": TableRef("raw", "customers")},
            timezone=timezone,
        )
        return check_tables(warehouse.connect, [target], as_of=AS_OF, docs=docs)

    return check
