"""The cluster as something that carries out SQL trees."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import polars as pl
from pyspark.errors import PySparkException
from pyspark.sql.connect.session import SparkSession
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.types import StructType
from sqlglot import expressions as exp

from kpi_pipeline.cluster.types import named_as_duckdb
from kpi_pipeline.names import TableRef
from kpi_pipeline.reduce import spark_sql, spark_view

_SENT_AS: tuple[tuple[type[pl.DataType], pl.DataType], ...] = (
    (pl.UInt8, pl.Int16()),
    (pl.UInt16, pl.Int32()),
    (pl.UInt32, pl.Int64()),
    (pl.UInt64, pl.Decimal(20, 0)),
    (pl.Categorical, pl.String()),
    (pl.Enum, pl.String()),
)
"""Types that Spark does not have, and the next larger ones that it has."""


class Spark:
    """A session of Spark, reached through Spark Connect.

    What it makes are temporary views, which are gone with the session: nothing is written to the cluster, so no rights
    to write are needed there.
    """

    query_errors: tuple[type[Exception], ...] = (PySparkException,)
    """What a statement that cannot be carried out raises."""

    def __init__(self, session: SparkSession) -> None:
        self._session = session
        self._sent: dict[str, StructType] = {}
        self._columns: dict[str, dict[str, str]] = {}

    @classmethod
    @contextmanager
    def connect(cls, remote: str) -> Iterator[Self]:
        """A session of its own on the server that `remote` names (sc://host:port/;token=...), ended with the block."""
        session = SparkSession.builder.remote(remote).create()
        try:
            # NOTE: days and moments mean what they mean in the warehouse, and what cannot be computed is an error.
            session.conf.set("spark.sql.session.timeZone", "UTC")
            session.conf.set("spark.sql.ansi.enabled", "true")
            # NOTE: products of decimals keep all digits, or are refused; Spark would round them.
            session.conf.set("spark.sql.decimalOperations.allowPrecisionLoss", "false")
            yield cls(session)
        finally:
            session.stop()

    def fetch(self, query: exp.Expr) -> pl.DataFrame:
        """The rows of a query as a frame, in Arrow all the way."""
        found: pl.DataFrame = pl.from_arrow(self._session.sql(spark_sql(query)).toArrow())  # type: ignore[assignment]
        return found

    def rows(self, query: exp.Expr) -> list[tuple[Any, ...]]:
        """The rows of a small query as tuples."""
        return self.fetch(query).rows()

    def columns(self, query: exp.Expr) -> dict[str, str]:
        """The names of a query's columns and DuckDB's names of their types, without running it."""
        text = spark_sql(query)
        if text not in self._columns:
            fields = self._session.sql(text).schema.fields
            self._columns[text] = {one.name: named_as_duckdb(one.dataType) for one in fields}
        return self._columns[text]

    def table_columns(self, table: TableRef) -> dict[str, str]:
        """The names and types of a view's columns; empty where there is no such view."""
        if not self._session.catalog.tableExists(spark_view(table)):
            return {}
        return self.columns(exp.select("*").from_(exp.table_(table.name, db=table.schema, quoted=True)))

    def view(self, table: TableRef, query: exp.Expr) -> None:
        """Has a name stand for the rows of a query, for as long as the session lasts."""
        self._session.sql(spark_sql(query)).createOrReplaceTempView(spark_view(table))
        self._columns.clear()

    def replace_table(self, table: TableRef, frame: pl.DataFrame) -> None:
        """Has a name stand for the frame's rows, which are sent to the cluster; for small tables such as calendars."""
        rows = frame.select(_sendable(name, kind) for name, kind in frame.schema.items()).to_arrow()
        # NOTE: what Spark would infer of a moment without a zone is one with the session's.
        schema = from_arrow_schema(rows.schema, prefer_timestamp_ntz=True)
        name = spark_view(table)
        self._session.createDataFrame(rows, schema).createOrReplaceTempView(name)
        if self._sent.get(name) != schema:
            self._columns.clear()
        self._sent[name] = schema


def _sendable(name: str, kind: pl.DataType) -> pl.Expr:
    """The column in a type that Spark has."""
    other = next((other for one, other in _SENT_AS if isinstance(kind, one)), None)
    return pl.col(name) if other is None else pl.col(name).cast(other)
