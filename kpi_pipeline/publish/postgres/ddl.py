"""The tables of the contract and the views on them, as PostgreSQL writes them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache

from sqlglot import exp, parse_one
from sqlglot.optimizer.qualify_columns import quote_identifiers

from kpi_pipeline.plan import fingerprint
from kpi_pipeline.postgres_target import LONGEST_NAME
from kpi_pipeline.publish.contract import table_named
from kpi_pipeline.publish.ddl import create_table, table_comments
from kpi_pipeline.publish.postgres.connection import literal
from kpi_pipeline.publish.stable_views import AS_OF_QUERY
from kpi_pipeline.publish.table import Column, ColumnType, Table
from kpi_pipeline.publish.view import View

MOST_COLUMNS = 1600
"""What a view may have in PostgreSQL, with a little to spare."""

AS_OF = "kpi_as_of"
HISTORY = "kpi_value_history"

TYPES: dict[ColumnType, str] = {
    ColumnType.text: "text",
    ColumnType.number: "double precision",
    ColumnType.integer: "bigint",
    ColumnType.flag: "boolean",
    ColumnType.day: "date",
    ColumnType.moment: "timestamp with time zone",
}
"""The types of the contract as PostgreSQL's catalogue calls them."""


def quoted(*names: str) -> str:
    """Names one in the other, quoted.

    >>> print(quoted("kpi", 'the "odd" one'))
    "kpi"."the ""odd"" one"
    """
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def fitting(name: str) -> str:
    """The name, or where it is too long for PostgreSQL its beginning and eight digits that stand for all of it.

    >>> fitting("orders_month")
    'orders_month'
    >>> fitting("customer__" * 8), len(fitting("customer__" * 8))
    ('customer__customer__customer__customer__customer__cust_81aa437b', 63)
    """
    written = name.encode()
    if len(written) <= LONGEST_NAME:
        return name
    digits = hashlib.sha256(written).hexdigest()[:8]
    return f"{written[: LONGEST_NAME - 9].decode(errors='ignore')}_{digits}"


@cache
def table_texts(table: Table) -> tuple[str, ...]:
    """What makes a table: CREATE TABLE, its key, and comments on it and on every column."""
    return (create_table(table).sql(dialect="postgres"), *key_texts(table), *comment_texts(table))


def comment_texts(table: Table) -> tuple[str, ...]:
    """Only the comments, for a table that is there."""
    return tuple(one.sql(dialect="postgres") for one in table_comments(table))


def key_texts(table: Table) -> tuple[str, ...]:
    """The key as PostgreSQL can declare it; where a part of it may be missing, as an index that helps to find rows."""
    if not table.key:
        return ()
    columns = ", ".join(quoted(name) for name in table.key)
    if any(column.nullable for column in table.columns if column.name in table.key):
        return (f"CREATE UNIQUE INDEX {quoted(f'{table.name}_key')} ON {quoted(table.name)} ({columns})",)
    return (f"ALTER TABLE {quoted(table.name)} ADD PRIMARY KEY ({columns})",)


def column_text(column: Column) -> str:
    """A column of a table that is there, to be added."""
    return f"{quoted(column.name)} {TYPES[column.type]}{'' if column.nullable else ' NOT NULL'}"


def view_texts(view: View, *, replace: bool = False) -> tuple[str, ...]:
    """What makes a view: CREATE VIEW and its comments, with names that fit."""
    create, *comments = (_fitted(one).sql(dialect="postgres") for one in view.statements)
    return (create.replace("CREATE VIEW", "CREATE OR REPLACE VIEW", 1) if replace else create, *comments)


def is_too_wide(view: View) -> bool:
    """Whether PostgreSQL cannot hold a view of so many columns."""
    return len(view.columns) > MOST_COLUMNS


def _fitted(statement: exp.Expr) -> exp.Expr:
    """The tree with names of a length, and functions, that PostgreSQL knows."""
    return statement.transform(_fitted_node)


def _fitted_node(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Identifier) and isinstance(node.this, str) and fitting(node.this) != node.this:
        return exp.to_identifier(fitting(node.this), quoted=True)
    if isinstance(node, exp.Anonymous) and str(node.this).lower() == "round_even":
        # NOTE: PostgreSQL rounds DOUBLE PRECISION half to even.
        return exp.Anonymous(this="round", expressions=[node.expressions[0]])
    return node


def as_of_texts(schema: str) -> tuple[str, ...]:
    """What makes the function `kpi_as_of(moment)`."""
    query = parse_one(AS_OF_QUERY, into=exp.Select, dialect="duckdb")
    quote_identifiers(query, dialect="duckdb")
    for table in query.find_all(exp.Table):
        # NOTE: what a function is made of is looked up when it is called, by whoever calls it.
        table.set("db", exp.to_identifier(schema, quoted=True))
    types = {column.name: TYPES[column.type] for column in table_named(HISTORY).columns}
    columns = ", ".join(f"{quoted(name)} {types[name]}" for name in query.named_selects)
    body = literal(query.sql(dialect="postgres"))
    head = f'{quoted(AS_OF)}("moment" timestamp with time zone) RETURNS TABLE ({columns})'
    return (
        f"CREATE FUNCTION {head} LANGUAGE sql STABLE AS {body}",
        f"COMMENT ON FUNCTION {quoted(AS_OF)}(timestamp with time zone) IS 'Values as they were published at a moment'",
    )


def made_by(texts: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """What each thing is made by, in a few digits."""
    return {name: fingerprint(*parts) for name, parts in texts.items()}
