"""A query written with short names, asked of the tables that they stand for."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp, parse_one

from kpi_pipeline.names import TableRef
from kpi_pipeline.sql_parts import sql_table


def asked_of(query: str, tables: Mapping[str, TableRef]) -> exp.Expr:
    """The query with each of these names in the place of its table.

    >>> asked_of("SELECT asked.kpi FROM asked", {"asked": TableRef("kpi", "kpi_value")}).sql("duckdb")
    'SELECT asked.kpi FROM "kpi"."kpi_value" AS asked'
    """
    tree = parse_one(query, dialect="duckdb")
    for one in list(tree.find_all(exp.Table)):
        if one.name in tables:
            one.replace(exp.alias_(sql_table(tables[one.name]), one.name, table=True))
    return tree
