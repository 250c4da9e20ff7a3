"""The cluster as something that carries out SQL trees."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import polars as pl
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame
from pyspark.sql.connect.session import SparkSession
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.types import StructType
from sqlglot import expressions as exp

from kpi_pipeline.cluster.checked import CheckedThere
from kpi_pipeline.cluster.lakehouse import InLakehouse
from kpi_pipeline.cluster.reached import PATIENT, reached
from kpi_pipeline.cluster.types import named_as_duckdb
from kpi_pipeline.engines import SparkEngine
from kpi_pipeline.names import TableRef
from kpi_pipeline.reduce import spark_sql, spark_view
from kpi_pipeline.sources import LakehouseConnector

LISTING_TASKS = 100
"""NOTE: of more than 32 folders Spark lists up to 10,000 each in a task of its own, of which most of the time is
beginning and ending it."""
_SENT_AS: tuple[tuple[type[pl.DataType], pl.DataType], ...] = (
    (pl.UInt8, pl.Int16()),
    (pl.UInt16, pl.Int32()),
    (pl.UInt32, pl.Int64()),
    (pl.UInt64, pl.Decimal(20, 0)),
    (pl.Categorical, pl.String()),
    (pl.Enum, pl.String()),
)
"""Types that Spark does not have, and the next larger ones that it has."""


@dataclass
class Traffic:
    """What came from a cluster, and what was sent there."""

    answers: int = 0
    rows: int = 0
    bytes: int = 0
    rows_sent: int = 0
    bytes_sent: int = 0

    @property
    def is_any(self) -> bool:
        """Whether anything was asked or sent."""
        return bool(self.answers or self.rows_sent)

    def came(self, rows: int, size: int) -> None:
        """Counts the answer to a question."""
        self.answers += 1
        self.rows += rows
        self.bytes += size

    def went(self, rows: int, size: int) -> None:
        """Counts a small table that was sent."""
        self.rows_sent += rows
        self.bytes_sent += size


class Spark:
    """A session of Spark, reached through Spark Connect.

    What it makes are temporary views, which are gone with the session: nothing is written to the cluster, so no rights
    to write are needed there.
    """

    query_errors: tuple[type[Exception], ...] = (PySparkException,)
    """What a statement that cannot be carried out raises."""

    def __init__(self, session: SparkSession, engine: SparkEngine) -> None:
        self._session = session
        self._engine = engine
        self._sent: dict[str, StructType] = {}
        self._columns: dict[str, dict[str, str]] = {}
        self._sources: dict[str, InLakehouse] = {}
        self.traffic = Traffic()

    @property
    def where(self) -> str:
        """Host and port."""
        return self._engine.where

    @classmethod
    @contextmanager
    def connect(cls, engine: SparkEngine) -> Iterator[Self]:
        """A session of its own on the server, ended with the block.

        Raises:
            DataError: the server cannot be reached, or does not let us in; so do all questions.
        """
        session = SparkSession.builder.remote(engine.remote.get_secret_value()).create()
        session.client.set_retry_policies([PATIENT])
        try:
            with reached(engine):
                # NOTE: days and moments mean what they mean in the warehouse; what cannot be computed is an error.
                session.conf.set("spark.sql.session.timeZone", "UTC")
                session.conf.set("spark.sql.ansi.enabled", "true")
                # NOTE: products of decimals keep all digits, or are refused; Spark would round them.
                session.conf.set("spark.sql.decimalOperations.allowPrecisionLoss", "false")
                with suppress(PySparkException):  # some servers let nobody choose how they work
                    session.conf.set("spark.sql.sources.parallelPartitionDiscovery.parallelism", str(LISTING_TASKS))
            yield cls(session, engine)
        finally:
            session.client.set_retry_policies([])
            session.stop()

    def fetch(self, query: exp.Expr) -> pl.DataFrame:
        """The rows of a query as a frame, in Arrow all the way."""
        found: pl.DataFrame = pl.from_arrow(self._answer(query))  # type: ignore[assignment]
        return found

    def listed(self, query: exp.Expr) -> tuple[list[str], list[tuple[Any, ...]]]:
        """The names of a small answer's columns, which need not differ, and its rows as tuples."""
        found = self._answer(query)
        return found.column_names, list(zip(*(one.to_pylist() for one in found.columns), strict=True))

    def _answer(self, query: exp.Expr) -> Any:
        text = spark_sql(query)
        with reached(self._engine):
            table = self._session.sql(text).toArrow()
        self.traffic.came(table.num_rows, table.nbytes)
        return table

    def rows(self, query: exp.Expr) -> list[tuple[Any, ...]]:
        """The rows of a small query as tuples."""
        return self.fetch(query).rows()

    def columns(self, query: exp.Expr) -> dict[str, str]:
        """The names of a query's columns and DuckDB's names of their types, without running it."""
        text = spark_sql(query)
        if text not in self._columns:
            with reached(self._engine):
                fields = self._session.sql(text).schema.fields
            self._columns[text] = {one.name: named_as_duckdb(one.dataType) for one in fields}
        return self._columns[text]

    def table_columns(self, table: TableRef) -> dict[str, str]:
        """The names and types of a view's columns; empty where there is no such view."""
        with reached(self._engine):
            if not self._session.catalog.tableExists(spark_view(table)):
                return {}
        return self.columns(exp.select("*").from_(exp.table_(table.name, db=table.schema, quoted=True)))

    def view(self, table: TableRef, query: exp.Expr) -> None:
        """Has a name stand for the rows of a query, for as long as the session lasts."""
        text = spark_sql(query)
        with reached(self._engine):
            rows = self._session.sql(text)
        self.show(table, rows)

    def show(self, table: TableRef, rows: DataFrame) -> None:
        """Has a name stand for rows that the session knows, for as long as it lasts."""
        with reached(self._engine):
            rows.createOrReplaceTempView(spark_view(table))
        self._columns.clear()

    def lakehouse(self, source: str, connector: LakehouseConnector, root: Path) -> InLakehouse:
        """A source whose rows are in the lakehouse that the cluster reads."""
        if source not in self._sources:
            there = InLakehouse(self, self._session, self._engine, source, connector, root.as_posix())
            self._sources[source] = there
        return self._sources[source]

    def checked(self) -> CheckedThere:
        """What checks ask in the place of a connection to the warehouse."""
        return CheckedThere(self)

    def plan(self, query: exp.Expr) -> str:
        """How the cluster will carry out a query, in its own words: which files it reads, and by which conditions."""
        with reached(self._engine):
            [(text,)] = self._session.sql(f"EXPLAIN FORMATTED {spark_sql(query)}").collect()
        return str(text)

    def replace_table(self, table: TableRef, frame: pl.DataFrame) -> None:
        """Has a name stand for the frame's rows, which are sent to the cluster; for small tables such as calendars."""
        rows = frame.select(_sendable(name, kind) for name, kind in frame.schema.items()).to_arrow()
        # NOTE: what Spark would infer of a moment without a zone is one with the session's.
        schema = from_arrow_schema(rows.schema, prefer_timestamp_ntz=True)
        name = spark_view(table)
        self.traffic.went(rows.num_rows, rows.nbytes)
        with reached(self._engine):
            self._session.createDataFrame(rows, schema).createOrReplaceTempView(name)
        if self._sent.get(name) != schema:
            self._columns.clear()
        self._sent[name] = schema


def _sendable(name: str, kind: pl.DataType) -> pl.Expr:
    """The column in a type that Spark has."""
    other = next((other for one, other in _SENT_AS if isinstance(kind, one)), None)
    return pl.col(name) if other is None else pl.col(name).cast(other)
