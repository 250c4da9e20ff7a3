"""The queries that rows are asked for with, whichever the database."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import expressions as exp

from kpi_pipeline.sources.database import DatabaseConnector


def column(name: str) -> exp.Column:
    """A column, its name taken as it is written."""
    return exp.column(name, quoted=True)


def from_source(connector: DatabaseConnector, *chosen: exp.Expr) -> exp.Select:
    """A SELECT on the table or query of a source."""
    return exp.select(*chosen).from_(connector.rows_wanted())


def everything(connector: DatabaseConnector) -> exp.Select:
    """All columns."""
    return from_source(connector, exp.Star())


def count_of(connector: DatabaseConnector, wanted: Iterable[exp.Expr]) -> exp.Select:
    """How many rows meet the conditions."""
    return from_source(connector, exp.Count(this=exp.Star())).where(*wanted)


def from_on(cursor: str, first: exp.Expr) -> exp.Expr:
    """True for rows from a value of the cursor on, and for those without one, which nothing says are old."""
    return exp.or_(column(cursor) >= first, column(cursor).is_(exp.null()))
