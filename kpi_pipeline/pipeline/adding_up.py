"""Whether what comes later in a period is added to what is in."""

from __future__ import annotations

import sqlglot
from sqlglot import expressions as exp

from kpi_pipeline.plan import Arithmetic, Filled, Fold, Leaf, Node


def adds_up(node: Node) -> bool:
    """Whether what comes later in a period is added to what is in: a sum or count, or a difference of such."""
    match node:
        case Filled(inner, _):
            return adds_up(inner)
        case Leaf(measure, _, reach, offsets):
            plain = not (measure.stock or reach or offsets)
            return plain and measure.fold in (Fold.sum, Fold.count, Fold.distinct)
        case Arithmetic(text, inputs):
            tree = sqlglot.parse_one(text, read="duckdb")
            plain = all(
                isinstance(one, exp.Column | exp.Identifier | exp.Add | exp.Sub | exp.Paren) for one in tree.walk()
            )
            return plain and all(adds_up(one) for _, one in inputs)
        case _:
            return False
