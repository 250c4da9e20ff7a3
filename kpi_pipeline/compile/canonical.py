"""SQL expressions in one spelling, so that the same thing written twice is computed once."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import sqlglot
from sqlglot import expressions as exp
from sqlglot.errors import SqlglotError

from kpi_pipeline.dimensions import UnknownDimension
from kpi_pipeline.errors import QueryError
from kpi_pipeline.grouped import as_columns
from kpi_pipeline.spelling import plain_condition
from kpi_pipeline.sql_guard import looks_elsewhere, too_deep


@lru_cache(maxsize=4096)
def canonical(sql: str) -> str:
    """The expression in DuckDB's spelling, without comments; a metric that it asks for is a column.

    >>> canonical("a   +b -- sum")
    'a + b'
    >>> canonical("metric('orders', 'customer') > 5")
    '"metric(orders, customer)" > 5'
    """
    return as_columns(sqlglot.parse_one(sql, read="duckdb")).sql(dialect="duckdb", comments=False)


def all_of(conditions: Iterable[str]) -> str:
    """Conditions joined by AND, in the order given, each once; empty where there is none.

    >>> all_of(["a = 1", "b or c", "a = 1"])
    '(a = 1) AND (b OR c)'
    """
    distinct = list(dict.fromkeys(canonical(one) for one in conditions if one))
    return distinct[0] if len(distinct) == 1 else " AND ".join(f"({one})" for one in distinct)


AN_EXAMPLE = "write one like: country = 'France' AND priority <> '4 - Low'"


MORE_THAN_COMPARING: tuple[type[exp.Expr], ...] = (
    *(exp.Query, exp.AggFunc, exp.Window, exp.Command, exp.DDL, exp.DML, exp.Star),
    *(exp.Columns, exp.PositionalColumn, exp.Placeholder, exp.Parameter),
)


def condition_asked(sql: str) -> tuple[str, frozenset[str]]:
    """A condition somebody asks with, in one spelling, and the columns it names; only a plain one is let through."""
    try:
        tree = as_columns(sqlglot.parse_one(plain_condition(sql), read="duckdb"))
    except ValueError as misspelled:
        raise QueryError(f'The condition "{sql}": {misspelled}.') from None
    except UnknownDimension as problem:
        raise QueryError(f'The condition "{sql}": {problem.message}.\nHint: {problem.hint}') from None
    except SqlglotError:
        raise QueryError(f'The condition "{sql}" is not complete, or not SQL.\nHint: {AN_EXAMPLE}') from None
    except RecursionError:
        raise QueryError(_nested()) from None
    if too_deep(tree):
        raise QueryError(_nested())
    elsewhere = next(filter(None, map(looks_elsewhere, tree.walk())), None)
    if elsewhere or tree.find(*MORE_THAN_COMPARING) is not None or not isinstance(tree, exp.Condition):
        raise QueryError(f'The condition "{sql}" does more than compare dimensions.\nHint: {AN_EXAMPLE}')
    unknown = tree.find(exp.Anonymous)
    if unknown is not None:
        raise QueryError(
            f"The condition \"{sql}\" uses the function '{unknown.name}', which conditions may not.\n"
            "Hint: compare dimensions, with the usual functions for text, numbers and dates."
        )
    return tree.sql(dialect="duckdb", comments=False), frozenset(column.name for column in tree.find_all(exp.Column))


def _nested() -> str:
    return f"The condition is nested too deeply.\nHint: {AN_EXAMPLE}"
