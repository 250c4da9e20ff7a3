"""The smallest parts of SQL trees, written alike in every room: a table, a day, a call."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlglot import expressions as exp

from kpi_pipeline.names import TableRef

GIVES = "gives"
CLOCK = "clock"
INSTANT = "instant"
"""What AT TIME ZONE gives, in the `meta` of its node: the time on a zone's clock, or a moment anywhere."""


def sql_table(table: TableRef) -> exp.Table:
    """A table of the warehouse, quoted.

    >>> sql_table(TableRef("raw", "Odd name")).sql(dialect="duckdb")
    '"raw"."Odd name"'
    """
    return exp.table_(table.name, db=table.schema, quoted=True)


def sql_day(day: date) -> exp.Expr:
    """A day.

    >>> sql_day(date(2010, 12, 9)).sql(dialect="duckdb")
    "CAST('2010-12-09' AS DATE)"
    """
    return exp.cast(exp.Literal.string(day.isoformat()), "DATE")


def sql_call(function: str, *arguments: exp.Expr) -> exp.Expr:
    """A call of one of DuckDB's functions that sqlglot has no word of its own for.

    >>> sql_call("json_valid", exp.column("line")).sql(dialect="duckdb")
    'JSON_VALID(line)'
    """
    return exp.Anonymous(this=function, expressions=list(arguments))


def sql_json(fields: Iterable[tuple[str, exp.Expr]]) -> exp.Expr:
    """Named values as one JSON object.

    >>> sql_json([("id", exp.column("c0"))]).sql(dialect="duckdb")
    "TO_JSON({'id': c0})"
    """
    named = [exp.PropertyEQ(this=exp.Literal.string(name), expression=value) for name, value in fields]
    return sql_call("to_json", exp.Struct(expressions=named))


def sql_nothing(kind: str) -> exp.Expr:
    """NULL in a type that is given by DuckDB's name of it; bare where that is the type of NULL itself.

    >>> sql_nothing("DECIMAL(9,2)").sql("duckdb"), sql_nothing('"NULL"').sql("duckdb")
    ('CAST(NULL AS DECIMAL(9, 2))', 'NULL')
    """
    if kind.strip('"') == "NULL":
        return exp.null()
    return exp.cast(exp.null(), exp.DataType.build(kind, dialect="duckdb"))


def sql_in_zone(moment: exp.Expr, zone: str, *, gives: str = CLOCK) -> exp.Expr:
    """An instant as a zone's clock shows it, or what a zone's clock shows as an instant (`gives=INSTANT`).

    NOTE: SQL leaves it to the type which of the two is meant, and not every engine can tell; so the node says it.
    """
    node = exp.AtTimeZone(this=exp.paren(moment), zone=exp.Literal.string(zone))
    node.meta[GIVES] = gives
    return node
