"""A connection to a database through its ADBC driver, which is imported when it is needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import polars as pl
import pyarrow as pa
from sqlglot import expressions as exp

from kpi_pipeline.errors import DataError
from kpi_pipeline.ingest.connectors.refusals import what_it_said
from kpi_pipeline.sources.database import DatabaseConnector, Driver

MODULES: Mapping[Driver, tuple[str, str]] = {
    "postgresql": ("adbc_driver_postgresql.dbapi", "postgres"),
    "sqlite": ("adbc_driver_sqlite.dbapi", "sqlite"),
    "snowflake": ("adbc_driver_snowflake.dbapi", "snowflake"),
    "bigquery": ("adbc_driver_bigquery.dbapi", "bigquery"),
}
"""The module of each driver, and the extra of this package that installs it."""


@dataclass(frozen=True)
class Connection:
    """An open connection; statements are trees in the database's own dialect, values are bound."""

    connector: DatabaseConnector
    handle: Any

    def text(self, statement: exp.Expr | str) -> str:
        """The statement as the database reads it."""
        return statement if isinstance(statement, str) else statement.sql(dialect=self.connector.dialect)

    def rows(self, statement: exp.Expr | str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of a small query."""
        with self._asked(statement, parameters) as cursor, what_it_said(self.connector):
            return list(cursor.fetchall()) if cursor.description else []

    def run(self, statement: str) -> None:
        """Runs a statement for its effect on the connection."""
        with self._asked(statement, ()):
            pass

    def schema(self, query: exp.Select) -> pa.Schema:
        """The columns of a query and what the driver says of their types."""
        with self._asked(query.copy().limit(0), ()) as cursor, what_it_said(self.connector):
            return cursor.fetch_record_batch().schema

    def batches(self, query: exp.Select, parameters: Sequence[object] = ()) -> Iterator[pl.DataFrame]:
        """The rows of a query as they come; at least one batch, which may be empty."""
        with self._asked(query, parameters) as cursor, what_it_said(self.connector):
            reader = cursor.fetch_record_batch()
            yield _frame(pa.Table.from_batches([], reader.schema))
            for batch in reader:
                yield _frame(pa.Table.from_batches([batch]))

    @contextmanager
    def _asked(self, statement: exp.Expr | str, parameters: Sequence[object]) -> Iterator[Any]:
        with what_it_said(self.connector):
            cursor = self.handle.cursor()
        try:
            with what_it_said(self.connector):
                cursor.execute(self.text(statement), list(parameters) or None)
            yield cursor
        finally:
            with suppress(Exception):
                cursor.close()


@contextmanager
def connected(connector: DatabaseConnector, *, uri: str | None, autocommit: bool) -> Iterator[Connection]:
    """A connection that is closed in the end."""
    module = _driver(connector.driver)
    options = {name: value.get_secret_value() for name, value in connector.options.items()}
    with what_it_said(connector):
        if connector.driver == "sqlite":
            handle = module.connect(uri, autocommit=autocommit)
        elif connector.driver == "postgresql":
            handle = module.connect(uri, db_kwargs=options or None, autocommit=autocommit)
        else:
            handle = module.connect(db_kwargs=options | ({"uri": uri} if uri else {}), autocommit=autocommit)
    try:
        yield Connection(connector, handle)
    finally:
        with suppress(Exception):
            handle.close()


def _frame(table: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame


def _driver(driver: Driver) -> Any:
    module, extra = MODULES[driver]
    try:
        return import_module(module)
    except ImportError as problem:
        raise DataError(
            f"The driver for {driver} is not installed ({module.partition('.')[0]}).\n"
            f'Hint: pip install "kpi-pipeline[{extra}]"'
        ) from problem
