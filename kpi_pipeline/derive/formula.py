"""Formulas as Polars expressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce as fold_left

import polars as pl
import sqlglot
from sqlglot import expressions as exp

from kpi_pipeline.errors import DefinitionError, Problem
from kpi_pipeline.plan import Arithmetic, Filled, Leaf, Node, Quotient


def expression(node: Node, leaf_value: Callable[[Leaf], pl.Expr]) -> pl.Expr:
    """The DOUBLE that a node stands for; never NaN or infinite: what cannot be computed is NULL."""
    match node:
        case Leaf():
            return leaf_value(node)
        case Quotient(numerator, denominator):
            return divided(expression(numerator, leaf_value), expression(denominator, leaf_value))
        case Filled(inner, value):
            return expression(inner, leaf_value).fill_null(value)
        case Arithmetic(text, inputs):
            named = {name: expression(one, leaf_value) for name, one in inputs}
            value = _computed(sqlglot.parse_one(text, read="duckdb"), named)
            return pl.when(value.is_finite()).then(value)


def divided(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    """Numerator by denominator, NULL where the denominator is zero or missing."""
    return pl.when(denominator != 0).then(numerator / denominator)


def _computed(tree: exp.Expression, named: Mapping[str, pl.Expr]) -> pl.Expr:
    """The SQL expression over named inputs, with SQL's meaning of NULL."""

    def of(inner: exp.Expression | None) -> pl.Expr:
        return pl.lit(None, pl.Float64) if inner is None else _computed(inner, named)

    match tree:
        case exp.Paren():
            return of(tree.this)
        case exp.Column():
            return named[tree.name]
        case exp.Literal() if not tree.is_string:
            return pl.lit(float(tree.this))
        case exp.Null():
            return pl.lit(None, pl.Float64)
        case exp.Neg():
            return -of(tree.this)
        case exp.Div():
            return divided(of(tree.this), of(tree.expression))
        case exp.Case():
            return _case(tree, of)
        case exp.Coalesce():
            return pl.coalesce(of(one) for one in (tree.this, *tree.expressions))
        case exp.Greatest():
            return pl.max_horizontal(of(one) for one in (tree.this, *tree.expressions))
        case exp.Least():
            return pl.min_horizontal(of(one) for one in (tree.this, *tree.expressions))
        case exp.Nullif():
            left = of(tree.this)
            return pl.when(left.eq_missing(of(tree.expression))).then(None).otherwise(left)
        case exp.Round():
            digits = int(tree.args["decimals"].this) if tree.args.get("decimals") else 0
            return of(tree.this).round(digits)
    if binary := _BINARY.get(type(tree)):
        return binary(of(tree.this), of(tree.expression))
    if unary := _UNARY.get(type(tree)):
        return unary(of(tree.this))
    raise DefinitionError(
        [
            Problem(
                f"A derived metric's expression cannot use {tree.sql(dialect='duckdb')!r}.",
                hint="it may use + - * /, comparisons, CASE, coalesce, nullif, abs, round, greatest, least, sqrt, ln, exp, power",
            )
        ]
    )


def _case(tree: exp.Case, of: Callable[[exp.Expression | None], pl.Expr]) -> pl.Expr:
    branches = [(of(branch.this), of(branch.args["true"])) for branch in tree.args["ifs"]]
    otherwise = of(tree.args.get("default"))
    return fold_left(lambda later, one: pl.when(one[0]).then(one[1]).otherwise(later), reversed(branches), otherwise)


_BINARY: dict[type[exp.Expression], Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    exp.Add: lambda left, right: left + right,
    exp.Sub: lambda left, right: left - right,
    exp.Mul: lambda left, right: left * right,
    exp.Pow: lambda left, right: left.pow(right),
    exp.EQ: lambda left, right: left == right,
    exp.NEQ: lambda left, right: left != right,
    exp.GT: lambda left, right: left > right,
    exp.GTE: lambda left, right: left >= right,
    exp.LT: lambda left, right: left < right,
    exp.LTE: lambda left, right: left <= right,
    exp.And: lambda left, right: left & right,
    exp.Or: lambda left, right: left | right,
}

_UNARY: dict[type[exp.Expression], Callable[[pl.Expr], pl.Expr]] = {
    exp.Abs: lambda value: value.abs(),
    exp.Sqrt: lambda value: value.sqrt(),
    exp.Ln: lambda value: value.log(),
    exp.Exp: lambda value: value.exp(),
    exp.Not: lambda value: ~value,
}
