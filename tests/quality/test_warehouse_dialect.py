"""DuckDB through SQLAlchemy: types, odd names, patterns, results read after the connection was given back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from kpi_pipeline.quality.dialect import URL, engine_options
from kpi_pipeline.store.warehouse import Warehouse


@pytest.fixture
def engine(warehouse: Warehouse) -> Iterator[sa.Engine]:
    connection = warehouse.connect()
    engine = sa.create_engine(URL, **engine_options(connection))
    yield engine
    engine.dispose()
    connection.close()


def orders(*names: str) -> Any:
    return sa.select(*[sa.column(name) for name in names]).select_from(sa.table("orders", schema="raw"))


def test_values_keep_their_types(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        row = connection.execute(orders("Price", "InvoiceDate", "Customer ID", "Paid?")).first()
    assert row is not None
    assert tuple(row) == (Decimal("2.50"), datetime(2010, 12, 8, 9), 17850, 1)


def test_rows_are_there_after_the_connection_was_given_back(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        first = connection.execute(orders("Invoice"))
        second = connection.execute(orders("Paid?"))
    assert first.fetchmany(3) == [("A1",), ("A2",), ("A3",)]
    assert second.fetchall() == [(1,), (2,), (3,), (4,)]
    assert first.fetchone() == ("C4",)
    assert first.fetchone() is None


def test_values_are_parameters(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        found = connection.execute(orders("Invoice").where(sa.column("Country") == "Fr'ance; DROP TABLE")).fetchall()
    assert found == []


@pytest.mark.parametrize(("operator", "found"), [("~", ["C4"]), ("!~", ["A1", "A2", "A3"])])
def test_a_pattern_is_found_anywhere(engine: sa.Engine, operator: str, found: list[str]) -> None:
    matches = sa.column("Invoice").op(operator)("[4-9]")
    with engine.connect() as connection:
        assert connection.execute(orders("Invoice").where(matches)).scalars().all() == found


def test_columns_are_known_by_name_and_type(engine: sa.Engine) -> None:
    columns = {column["name"]: str(column["type"]) for column in sa.inspect(engine).get_columns("orders")}
    assert columns["Customer ID"] == "INTEGER"
    assert columns["Price"] == "DECIMAL(18,2)"
    assert columns["InvoiceDate"] == "TIMESTAMP"


def test_an_error_names_what_went_wrong(engine: sa.Engine) -> None:
    with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError, match='"nope" not found'):
        connection.execute(orders("nope"))
    with engine.connect() as connection:
        assert connection.execute(orders("Paid?")).first() == (1,)


def test_great_expectations_is_not_imported_before_it_is_needed() -> None:
    program = "import sys, kpi_pipeline.quality; sys.exit('great_expectations' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
