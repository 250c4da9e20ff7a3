"""Expressions of `arithmetic` as Polars expressions, with SQL's meaning of NULL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce as fold_left

import polars as pl
from sqlglot import expressions as exp

from kpi_pipeline.errors import InternalError
from kpi_pipeline.periods import first_day_named

Of = Callable[[exp.Expr | None], pl.Expr]
"""Gives the Polars expression of a part of an expression."""


def computed(tree: exp.Expr, named: Mapping[str, pl.Expr]) -> pl.Expr:
    """The SQL expression over named inputs; its parts are those of `arithmetic`, and days written as texts."""

    def of(inner: exp.Expr | None) -> pl.Expr:
        return pl.lit(None, pl.Float64) if inner is None else computed(inner, named)

    if isinstance(tree, exp.Column):
        return named[tree.name.lower()]
    if plain := _PLAIN.get(type(tree)):
        return plain(tree)
    if special := _SPECIAL.get(type(tree)):
        return special(tree, of)
    if binary := _BINARY.get(type(tree)):
        return binary(of(tree.this), of(tree.expression))
    if unary := _UNARY.get(type(tree)):
        return unary(of(tree.this))
    if several := _SEVERAL.get(type(tree)):
        return several([of(one) for one in (tree.this, *tree.expressions)])
    raise InternalError(f"A formula holds {tree.sql(dialect='duckdb')!r}, which compiling should have refused.")


def divided(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    """Numerator by denominator, NULL where the denominator is zero or missing."""
    return pl.when(denominator != 0).then(over(numerator, denominator))


def over(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    """One by the other, with the same last digit however many rows there are.

    NOTE: Polars multiplies several rows by the reciprocal of one number, and divides a single row by it.
    """
    return numerator / (denominator + 0 * numerator)


def _rounded(value: pl.Expr, digits: exp.Expr | None) -> pl.Expr:
    """NOTE: halves go away from zero, as in SQL; Polars would send them to the even neighbour."""
    places = 0 if digits is None else int(digits.to_py())
    unit = 10.0 ** max(-places, 0)
    return over(value, pl.lit(unit)).round(max(places, 0), mode="half_away_from_zero") * unit


def finite(value: pl.Expr) -> pl.Expr:
    """The value, NULL where it cannot be computed: the root of a negative number, the logarithm of zero."""
    return pl.when(value.is_finite()).then(value)


def _round(tree: exp.Expr, of: Of) -> pl.Expr:
    return _rounded(of(tree.this), tree.args.get("decimals"))


def _nullif(tree: exp.Expr, of: Of) -> pl.Expr:
    left = of(tree.this)
    return pl.when(left.eq_missing(of(tree.expression))).then(None).otherwise(left)


def _between(tree: exp.Expr, of: Of) -> pl.Expr:
    value = of(tree.this)
    return (value >= of(tree.args["low"])) & (value <= of(tree.args["high"]))


def _if(tree: exp.Expr, of: Of) -> pl.Expr:
    return pl.when(of(tree.this)).then(of(tree.args["true"])).otherwise(of(tree.args.get("false")))


def _case(tree: exp.Expr, of: Of) -> pl.Expr:
    """NOTE: `CASE x WHEN 1 THEN ...` compares x with every branch; without x the branches are conditions."""
    compared = of(tree.this) if tree.this else None
    branches = [
        (of(branch.this) if compared is None else compared == of(branch.this), of(branch.args["true"]))
        for branch in tree.args["ifs"]
    ]
    otherwise = of(tree.args.get("default"))
    return fold_left(lambda later, one: pl.when(one[0]).then(one[1]).otherwise(later), reversed(branches), otherwise)


_PLAIN: dict[type[exp.Expr], Callable[[exp.Expr], pl.Expr]] = {
    exp.Literal: lambda tree: pl.lit(first_day_named(tree.this) if tree.is_string else float(tree.this)),
    exp.Boolean: lambda tree: pl.lit(bool(tree.this)),
    exp.Null: lambda _: pl.lit(None, pl.Float64),
}

_SPECIAL: dict[type[exp.Expr], Callable[[exp.Expr, Of], pl.Expr]] = {
    exp.Case: _case,
    exp.If: _if,
    exp.Between: _between,
    exp.Nullif: _nullif,
    exp.Round: _round,
    exp.Is: lambda tree, of: of(tree.this).is_null(),
}

_SEVERAL: dict[type[exp.Expr], Callable[[list[pl.Expr]], pl.Expr]] = {
    exp.Coalesce: pl.coalesce,
    exp.Greatest: pl.max_horizontal,
    exp.Least: pl.min_horizontal,
}

_BINARY: dict[type[exp.Expr], Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    exp.Div: divided,
    exp.Add: lambda left, right: left + right,
    exp.Sub: lambda left, right: left - right,
    exp.Mul: lambda left, right: left * right,
    exp.Pow: lambda left, right: finite(left.pow(right)),
    exp.EQ: lambda left, right: left == right,
    exp.NEQ: lambda left, right: left != right,
    exp.GT: lambda left, right: left > right,
    exp.GTE: lambda left, right: left >= right,
    exp.LT: lambda left, right: left < right,
    exp.LTE: lambda left, right: left <= right,
    exp.And: lambda left, right: left & right,
    exp.Or: lambda left, right: left | right,
}

_UNARY: dict[type[exp.Expr], Callable[[pl.Expr], pl.Expr]] = {
    exp.Paren: lambda value: value,
    exp.Neg: lambda value: -value,
    exp.Abs: lambda value: value.abs(),
    exp.Sqrt: lambda value: finite(value.sqrt()),
    exp.Ln: lambda value: finite(value.log()),
    exp.Exp: lambda value: finite(value.exp()),
    exp.Not: lambda value: ~value,
    exp.Floor: lambda value: value.floor(),
    exp.Ceil: lambda value: value.ceil(),
    exp.Sign: lambda value: value.sign(),
}
