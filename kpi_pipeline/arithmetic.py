"""What a derived metric's expression may use: the arithmetic that values can be computed with."""

from __future__ import annotations

from sqlglot import expressions as exp

PARTS: tuple[type[exp.Expr], ...] = (
    exp.Column, exp.Identifier, exp.Literal, exp.Null, exp.Boolean, exp.Paren,
    exp.Neg, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Pow,
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.Is, exp.And, exp.Or, exp.Not,
    exp.Case, exp.If, exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least,
    exp.Abs, exp.Sign, exp.Round, exp.Floor, exp.Ceil, exp.Sqrt, exp.Ln, exp.Exp,
)  # fmt: skip

IN_WORDS = (
    "+ - * / **, comparisons, BETWEEN, IS NULL, AND OR NOT, CASE, if, coalesce, nullif, greatest, least, abs, sign, "
    "round, floor, ceil, sqrt, ln, exp, power"
)


def beyond_arithmetic(tree: exp.Expr) -> exp.Expr | None:
    """The first part of an expression that values cannot be computed with; None where there is none.

    >>> import sqlglot
    >>> beyond_arithmetic(sqlglot.parse_one("round(a / b, 2)", read="duckdb"))
    >>> beyond_arithmetic(sqlglot.parse_one("strftime(a, '%Y')", read="duckdb")).key
    'timetostr'
    """
    return next((node for node in tree.walk() if not isinstance(node, PARTS) or _is_no_number(node)), None)


def _is_no_number(node: exp.Expr) -> bool:
    """A text, a test against something else than NULL, digits to round to that are not written as a number."""
    if isinstance(node, exp.Round) and (digits := node.args.get("decimals")):
        return not digits.is_int
    if isinstance(node, exp.Literal):
        return bool(node.is_string)
    return isinstance(node, exp.Is) and not isinstance(node.expression, exp.Null)
