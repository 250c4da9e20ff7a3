"""What a metric is made of, as far as its change from one period to another can be told by it.

A ratio has a numerator and a denominator, a formula has inputs, a sum over a window has days that enter and leave it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import sqlglot
from sqlglot import expressions as exp

from kpi_pipeline.plan.measure import Fold
from kpi_pipeline.plan.nodes import Arithmetic, Filled, Leaf, Node, Quotient, leaves
from kpi_pipeline.plan.series import Derivation

NUMERATOR, DENOMINATOR, DAYS = "numerator", "denominator", "days"
INPUT = "input "


class Apart(StrEnum):
    """Why the changes of segments need not add up to the change of the total."""

    overlap = "overlap"
    """Something is counted in several segments, and once in the total."""
    order = "order"
    """A median, a percentile, a lowest or highest value: what segments have is in no sum."""
    moment = "moment"
    """Of a stock each segment may have a moment of its own."""
    formula = "formula"
    """The formula is no sum."""


@dataclass(frozen=True)
class Makeup:
    """How a metric's change can be told apart."""

    ratio: Quotient | None
    """Numerator and denominator whose quotient changes as the metric does."""
    formula: Arithmetic | None
    """A formula over inputs."""
    window: Leaf | None
    """A sum that reaches back, so that days enter it and leave it."""
    apart: Apart
    """What it comes from where segments do not add up."""

    @property
    def missing_is_nothing(self) -> bool:
        """Whether a segment without a value contributes nothing, as to a sum, or has no say, as in a median."""
        return self.apart is not Apart.order


def makeup(node: Node) -> Makeup:
    """How the change of a metric with this tree can be told apart."""
    bare = _unfilled(node)
    formula = bare if isinstance(bare, Arithmetic) else None
    window = bare if isinstance(bare, Leaf) and _days_add_up(bare) else None
    return Makeup(as_quotient(node), formula, window, _apart(node))


def parts_of(derivation: Derivation, *, of_total: bool) -> dict[str, Derivation]:
    """The metrics, named after the metric and the part, that say what its parts were.

    Segments are told by numerator and denominator, the total also by inputs and days.
    """
    made = makeup(derivation.node)
    nodes: dict[str, Node] = {}
    if made.ratio:
        nodes |= {NUMERATOR: made.ratio.numerator, DENOMINATOR: made.ratio.denominator}
    if made.formula and of_total:
        nodes |= {f"{INPUT}{name}": node for name, node in made.formula.inputs}
    found = {name: _beside(derivation, name, node) for name, node in nodes.items()}
    # NOTE: single days may be small groups where the window they enter and leave is none.
    if made.window and of_total and not derivation.min_group_size:
        daily = replace(derivation, metric=part_name(derivation.metric, DAYS), node=replace(made.window, reach=None))
        found[DAYS] = daily
    return found


def part_name(metric: str, part: str) -> str:
    """What a part of a metric is called among metrics; no metric has such a name.

    >>> part_name("margin", "numerator")
    'margin/numerator'
    """
    return f"{metric}/{part}"


def as_quotient(node: Node) -> Quotient | None:
    """The ratio that changes as the node does; None where it is no ratio.

    A constant beside a ratio, as in `current / year_ago - 1`, makes no difference to its change.
    """
    match node:
        case Quotient():
            return node
        case Filled(inner, _):
            return as_quotient(inner)
        case Arithmetic(text, inputs):
            return _quotient(sqlglot.parse_one(text, read="duckdb"), dict(inputs))
        case _:
            return None


def _beside(derivation: Derivation, name: str, node: Node) -> Derivation:
    """A part as a metric of its own.

    NOTE: it carries the whole metric as an input it does not use, so that it has the same rows and segments.
    """
    carried = Arithmetic("part", (("part", node), ("whole", derivation.node)))
    return replace(derivation, metric=part_name(derivation.metric, name), node=carried)


def _unfilled(node: Node) -> Node:
    return _unfilled(node.node) if isinstance(node, Filled) else node


def _quotient(tree: exp.Expr, inputs: Mapping[str, Node]) -> Quotient | None:
    """The quotient at the root of an expression, through parentheses, signs and constants around it."""
    if isinstance(tree, exp.Paren):
        return _quotient(tree.this, inputs)
    if isinstance(tree, exp.Column):
        return as_quotient(inputs[tree.name.lower()])
    if isinstance(tree, exp.Neg):
        return _times(_quotient(tree.this, inputs), "-1")
    if isinstance(tree, exp.Div) and _has_inputs(tree.this) and _has_inputs(tree.expression):
        return Quotient(_part(tree.this, inputs), _part(tree.expression, inputs))
    if not isinstance(tree, exp.Add | exp.Sub | exp.Mul | exp.Div):
        return None
    left, right = tree.this, tree.expression
    if not _has_inputs(right):
        inner = _quotient(left, inputs)
        if isinstance(tree, exp.Add | exp.Sub):
            return inner
        return _times(inner, _sql(right)) if isinstance(tree, exp.Mul) else _times(inner, f"1 / ({_sql(right)})")
    if not _has_inputs(left) and not isinstance(tree, exp.Div):
        inner = _quotient(right, inputs)
        if isinstance(tree, exp.Add):
            return inner
        return _times(inner, _sql(left) if isinstance(tree, exp.Mul) else "-1")
    return None


def _part(tree: exp.Expr, inputs: Mapping[str, Node]) -> Node:
    """A part of an expression, over the inputs it names."""
    named = {column.name.lower() for column in tree.find_all(exp.Column)}
    return Arithmetic(_sql(tree), tuple((name, node) for name, node in inputs.items() if name.lower() in named))


def _times(quotient: Quotient | None, factor: str) -> Quotient | None:
    if quotient is None:
        return None
    scaled = Arithmetic(f"part * ({factor})", (("part", quotient.numerator),))
    return Quotient(scaled, quotient.denominator)


def _has_inputs(tree: exp.Expr) -> bool:
    return tree.find(exp.Column) is not None


def _sql(tree: exp.Expr) -> str:
    return tree.sql(dialect="duckdb")


def _days_add_up(leaf: Leaf) -> bool:
    """Whether the sum of its days is its value: a sum or count that reaches back to a period's last day."""
    measure = leaf.measure
    plain = not (measure.stock or measure.events or leaf.offsets)
    return bool(plain and leaf.reach and leaf.reach.period_agg == "last" and measure.fold in (Fold.sum, Fold.count))


def _apart(node: Node) -> Apart:
    folds = {leaf.measure.fold for leaf in leaves(node)}
    if not folds.isdisjoint({Fold.quantile, Fold.min, Fold.max}):
        return Apart.order
    if any(leaf.measure.stock for leaf in leaves(node)):
        return Apart.moment
    if Fold.distinct in folds or any(leaf.measure.events for leaf in leaves(node)):
        return Apart.overlap
    return Apart.formula
