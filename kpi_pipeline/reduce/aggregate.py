"""One aggregate as SQL, and the small pieces of SQL that every shape of reduction is built from."""

from __future__ import annotations

import sqlglot
from sqlglot import expressions as exp

from kpi_pipeline.plan import Fold, Measure

EXACT_SUM_OF_FLOATS = "DECIMAL(38, 9)"
"""NOTE: a sum of floats depends on the order of parallel work in its last bits; as decimals it is always the same.
What is no number (NaN, infinity) is no value."""

FLOATS = ("DOUBLE", "FLOAT", "REAL")
INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")


def aggregated(measure: Measure, kind: str) -> exp.Expr:
    """What a measure makes of a group of rows; `kind` is the type of what it aggregates.

    NOTE: conditional aggregates are CASE, never FILTER: many FILTERs in one query grow quadratically in DuckDB.
    """
    value = parsed(measure.expr)
    if measure.fold is Fold.sum and kind.startswith(FLOATS):
        value = exp.TryCast(this=value, to=exp.DataType.build(EXACT_SUM_OF_FLOATS, dialect="duckdb"))
    if measure.filter:
        value = exp.case().when(condition(measure), value)
    match measure.fold:
        case Fold.count:
            return exp.func("COUNT", exp.Star() if measure.expr == "1" and not measure.filter else value)
        case Fold.sum:
            total = exp.func("SUM", value)
            return exp.cast(total, "BIGINT") if kind in INTEGERS else total
        case _:
            return exp.cast(exp.func(measure.fold.value.upper(), value), "DOUBLE")


def condition(measure: Measure) -> exp.Expr:
    """Whether a row passes a measure's filter."""
    return parsed(measure.filter) if measure.filter else exp.true()


def grouped(query: exp.Select, columns: int) -> exp.Select:
    """The query grouped by its first columns."""
    return query.group_by(*(exp.Literal.number(position) for position in range(1, columns + 1)))


def parsed(sql: str) -> exp.Expr:
    """The tree of an expression of the definitions."""
    return sqlglot.parse_one(sql, read="duckdb")
