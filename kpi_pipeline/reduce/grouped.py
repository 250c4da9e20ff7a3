"""A metric for each of an entity, computed beside the rows that ask for it."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import expressions as exp

from kpi_pipeline.plan import (
    Arithmetic,
    Engine,
    Filled,
    Fold,
    GroupedMetric,
    GroupedPart,
    Leaf,
    Measure,
    Node,
    Quotient,
)
from kpi_pipeline.reduce.aggregate import aggregated, condition, finite, parsed
from kpi_pipeline.reduce.beside import of_rows
from kpi_pipeline.reduce.day import time_column

Of = Callable[[Leaf], exp.Expr]


def with_metric(query: exp.Select, metric: GroupedMetric, engine: Engine) -> exp.Select:
    """The query with a column for the metric's value over all time of each row's entity; NULL where a row has none.

    As everywhere, an entity without rows has a sum or a count of 0, and no value of any other kind.
    """
    key = of_rows(metric.key)
    names = {(part.model.name, part.time): f"{metric.name} {number}" for number, part in enumerate(metric.parts)}
    for part in metric.parts:
        name = names[part.model.name, part.time]
        values = _by_key(part, engine).subquery(exp.to_identifier(name, quoted=True))
        on = exp.EQ(this=key.copy(), expression=exp.column("_key", table=name, quoted=True))
        query = query.join(values, on=on, join_type="left")

    def leaf_value(leaf: Leaf) -> exp.Expr:
        name = names[leaf.measure.model, leaf.measure.time]
        return _filled(leaf, lambda one: exp.column(one.column, table=name, quoted=True))

    value = exp.case().when(key.is_(exp.null()).not_(), _value(metric.node, leaf_value))
    return query.select(exp.alias_(value, metric.name, quoted=True))


def _by_key(part: GroupedPart, engine: Engine) -> exp.Select:
    """SELECT _key and a column a measure; rows without a moment belong to no period and do not count."""
    # NOTE: rows of a grouped metric may look things up in turn, so the two modules need each other.
    from kpi_pipeline.reduce.rows import rows_of

    rows = rows_of(part.model, part.reduction, engine)
    probe = exp.select(*(exp.alias_(parsed(one.expr), one.column, quoted=True) for one in part.measures)).from_(rows)
    kinds = engine.columns(probe)
    time = time_column(part.model, part.time)
    query = exp.select(exp.alias_(parsed(part.key), "_key", quoted=True)).from_(rows.copy())
    for one in part.measures:
        query = query.select(exp.alias_(_aggregated(one, kinds[one.column]), one.column, quoted=True))
    present = [part_.is_(exp.null()).not_() for part_ in (time, parsed(part.key))]
    return query.where(*present).group_by(exp.Literal.number(1))


def _aggregated(measure: Measure, kind: str) -> exp.Expr:
    if measure.fold not in (Fold.distinct, Fold.quantile):
        return aggregated(measure, kind)
    value = parsed(measure.expr)
    if measure.fold is Fold.quantile:
        value = finite(exp.cast(value, "DOUBLE"))
    if measure.filter:
        value = exp.case().when(condition(measure), value)
    if measure.fold is Fold.distinct:
        return exp.Count(this=exp.Distinct(expressions=[value]))
    kind_of = exp.PercentileDisc if measure.discrete else exp.PercentileCont
    share = exp.Literal.number(0.5 if measure.quantile is None else measure.quantile)
    order = exp.Order(expressions=[exp.Ordered(this=value)])
    return exp.WithinGroup(this=kind_of(this=share), expression=order)


def _filled(leaf: Leaf, column: Callable[[Measure], exp.Expr]) -> exp.Expr:
    """The leaf's value as DOUBLE, with its fill where no row is behind it."""
    value = exp.cast(column(leaf.measure), "DOUBLE")
    if leaf.fill is None:
        return value
    rows = exp.func("COALESCE", column(leaf.measure.rows), exp.Literal.number(0))
    there = exp.GT(this=rows, expression=exp.Literal.number(0))
    return exp.case().when(there, value).else_(exp.cast(exp.Literal.number(leaf.fill), "DOUBLE"))


def _value(node: Node, of: Of) -> exp.Expr:
    """The DOUBLE that a node stands for; what cannot be computed is NULL."""
    match node:
        case Leaf():
            return of(node)
        case Quotient(numerator, denominator):
            return _divided(_value(numerator, of), _value(denominator, of))
        case Filled(inner, value):
            return exp.func("COALESCE", _value(inner, of), exp.cast(exp.Literal.number(value), "DOUBLE"))
        case Arithmetic(text, inputs):
            named = {name: _value(one, of) for name, one in inputs}
            return finite(exp.cast(_computed(parsed(text), named), "DOUBLE"))


def _computed(tree: exp.Expr, named: dict[str, exp.Expr]) -> exp.Expr:
    """The formula over its inputs; what divides by zero or has no root or logarithm is NULL, as in every formula."""

    def safe(node: exp.Expr) -> exp.Expr:
        match node:
            case exp.Column():
                return exp.paren(named[node.name.lower()].copy())
            case exp.Div():
                return exp.paren(_divided(node.this, node.expression))
            case exp.Sqrt():
                return exp.case().when(exp.GTE(this=node.this.copy(), expression=exp.Literal.number(0)), node)
            case exp.Ln():
                return exp.case().when(exp.GT(this=node.this.copy(), expression=exp.Literal.number(0)), node)
        return node

    return _from_below(tree.copy(), safe)


def _from_below(node: exp.Expr, changed: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
    """The tree with every part changed once, parts before wholes, so that what was put in is left alone."""
    for key, value in list(node.args.items()):
        if isinstance(value, exp.Expr) and not isinstance(value, exp.Identifier):
            node.set(key, _from_below(value, changed))
        elif isinstance(value, list):
            node.set(key, [_from_below(one, changed) if isinstance(one, exp.Expr) else one for one in value])
    return changed(node)


def _divided(numerator: exp.Expr, denominator: exp.Expr) -> exp.Expr:
    """NULL where the denominator is zero or missing."""
    value = exp.paren(exp.cast(numerator.copy(), "DOUBLE"))
    return exp.Div(this=value, expression=exp.Nullif(this=denominator.copy(), expression=exp.Literal.number(0)))
