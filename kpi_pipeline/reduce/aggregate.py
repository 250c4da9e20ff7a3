"""One aggregate as SQL, and the small pieces of SQL that every shape of reduction is built from."""

from __future__ import annotations

import sqlglot
from sqlglot import expressions as exp

from kpi_pipeline.plan import Fold, Measure

EXACT_SUM_OF_FLOATS = "DECIMAL(38, 9)"
"""NOTE: a sum of floats depends on the order of parallel work in its last bits; as decimals it is always the same.
What is no number (NaN, infinity) is no value; what is too large for it stops the run rather than be left out."""

LARGEST_FLOAT = "1.7976931348623157e308"
"""NOTE: NaN is larger than any number, in DuckDB and in Spark; not every engine has a function that says finite."""

FLOATS = ("DOUBLE", "FLOAT", "REAL")
INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")


def aggregated(measure: Measure, kind: str) -> exp.Expr:
    """What a measure makes of a group of rows; `kind` is the type of what it aggregates.

    NOTE: conditional aggregates are CASE, never FILTER: many FILTERs in one query grow quadratically in DuckDB.
    """
    value = parsed(measure.expr)
    if kind.startswith(FLOATS):
        value = _as_decimal(value) if measure.fold is Fold.sum else finite(value)
    if kind == "BOOLEAN" and measure.fold is Fold.sum:
        value = exp.cast(value, "INTEGER")
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


def _as_decimal(value: exp.Expr) -> exp.Expr:
    return exp.cast(finite(value), EXACT_SUM_OF_FLOATS)


def finite(value: exp.Expr) -> exp.Expr:
    """The float, NULL where it is no number (NaN, infinity): such as what a division by zero leaves behind."""
    largest = exp.Literal.number(LARGEST_FLOAT)
    return exp.case().when(exp.LTE(this=exp.func("ABS", value), expression=largest), value.copy())


def condition(measure: Measure) -> exp.Expr:
    """Whether a row passes a measure's filter."""
    return parsed(measure.filter) if measure.filter else exp.true()


def passed(measure: Measure) -> exp.Expr:
    """Whether a measure's filter lets any row of a group through."""
    return exp.func("BOOL_OR", exp.func("COALESCE", condition(measure), exp.false()))


def grouped(query: exp.Select, columns: int) -> exp.Select:
    """The query grouped by its first columns."""
    return query.group_by(*(exp.Literal.number(position) for position in range(1, columns + 1)))


def parsed(sql: str) -> exp.Expr:
    """The tree of an expression of the definitions."""
    return sqlglot.parse_one(sql, read="duckdb")
