"""Statements on tables of the warehouse that several steps of a load need."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal

from sqlglot import expressions as exp

from kpi_pipeline.names import TableRef
from kpi_pipeline.plan import Executor
from kpi_pipeline.sql_parts import sql_table

STAYS_THERE = "are in a lakehouse, not in the warehouse"
"""What a view over rows in a lakehouse says to whoever reads it."""


def kind_of(text: str) -> exp.DataType:
    """A DuckDB type in a statement."""
    return _parsed(text).copy()


@cache
def _parsed(text: str) -> exp.DataType:
    return exp.DataType.build(text, dialect="duckdb")


def create(executor: Executor, name: TableRef, columns: Mapping[str, str], *, if_missing: bool = False) -> None:
    """Makes an empty table, in place of one that may be there unless that one is to stay."""
    defined = [
        exp.ColumnDef(this=exp.to_identifier(column, quoted=True), kind=kind_of(kind))
        for column, kind in columns.items()
    ]
    schema = exp.Schema(this=sql_table(name), expressions=defined)
    executor.run(exp.Create(kind="TABLE", exists=if_missing, replace=not if_missing, this=schema))


def create_as(executor: Executor, name: TableRef, query: exp.Query) -> None:
    """Makes a table of a query's rows, in place of one that may be there."""
    executor.run(exp.Create(kind="TABLE", this=sql_table(name), expression=query, replace=True))


def insert(executor: Executor, name: TableRef, query: exp.Query) -> int:
    """Adds a query's rows to a table and says how many they are."""
    return int(executor.rows(exp.insert(query, sql_table(name)))[0][0])


def create_view(executor: Executor, name: TableRef, query: exp.Query) -> None:
    """Makes a view, in place of one that may be there."""
    executor.run(exp.Create(kind="VIEW", this=sql_table(name), expression=query, replace=True))


def add_column(executor: Executor, name: TableRef, column: str, kind: str, *, default: str | None = None) -> None:
    """Gives a table one more column; its rows have the default there, or nothing."""
    _alter(executor, name, f"ADD COLUMN {_quoted(column)} {kind}" + (f" DEFAULT '{default}'" if default else ""))


def change_type(executor: Executor, name: TableRef, column: str, kind: str) -> None:
    """Gives a column another type, which must hold its values."""
    _alter(executor, name, f"ALTER COLUMN {_quoted(column)} SET DATA TYPE {kind}")


def drop(executor: Executor, name: TableRef, *, kind: Literal["TABLE", "VIEW"] = "TABLE") -> None:
    """Drops a table or view if it is there."""
    executor.run(f"DROP {kind} IF EXISTS {sql_table(name).sql(dialect='duckdb')}")


def drop_if(executor: Executor, name: TableRef, kind: Literal["TABLE", "VIEW"]) -> None:
    """Drops what has the name if it is of that kind; what is of the other stays."""
    if _is_view(executor, name) == (kind == "VIEW"):
        drop(executor, name, kind=kind)


def _is_view(executor: Executor, name: TableRef) -> bool:
    """Whether what has the name is a view."""
    found = executor.rows(
        "SELECT table_type FROM information_schema.tables "
        "WHERE table_schema = ? AND table_name = ? AND table_catalog = current_database()",
        [name.schema, name.name],
    )
    return found == [("VIEW",)]


def stands_for_lakehouse(executor: Executor, name: TableRef) -> bool:
    """Whether what has the name is a view that stands for rows in a lakehouse, and refuses to be read."""
    found = executor.rows(
        "SELECT sql FROM duckdb_views() "
        "WHERE schema_name = ? AND view_name = ? AND database_name = current_database() AND contains(sql, ?)",
        [name.schema, name.name, STAYS_THERE],
    )
    return bool(found)


def row_count(executor: Executor, name: TableRef, *, where: exp.Expr | None = None) -> int:
    """How many rows a table has, or those for which something is true."""
    rows = exp.select(exp.Count(this=exp.Star())).from_(sql_table(name))
    return int(executor.rows(rows.where(where.copy()) if where else rows)[0][0])


def full_name(kind: str) -> str:
    """A type as DuckDB's catalogue writes it, whichever way it was written."""
    return "TIMESTAMP WITH TIME ZONE" if kind == "TIMESTAMPTZ" else kind.replace(", ", ",")


def full_names(columns: Mapping[str, str]) -> dict[str, str]:
    """Columns with their types as DuckDB's catalogue writes them, so that they can be compared."""
    return {name: full_name(kind) for name, kind in columns.items()}


def _alter(executor: Executor, name: TableRef, change: str) -> None:
    executor.run(f"ALTER TABLE {sql_table(name).sql(dialect='duckdb')} {change}")


def _quoted(column: str) -> str:
    return exp.to_identifier(column, quoted=True).sql(dialect="duckdb")
