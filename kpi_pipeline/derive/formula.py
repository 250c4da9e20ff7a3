"""Formulas as Polars expressions."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import sqlglot

from kpi_pipeline.computing import computed, divided, finite
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
            return finite(computed(sqlglot.parse_one(text, read="duckdb"), named).cast(pl.Float64))
