"""A metric as a tree over measures."""

from __future__ import annotations

import sqlglot

from kpi_pipeline.arithmetic import IN_WORDS, beyond_arithmetic
from kpi_pipeline.compile.canonical import all_of, canonical
from kpi_pipeline.compile.cohorts import retention
from kpi_pipeline.compile.currency import converted
from kpi_pipeline.compile.matching import conversions
from kpi_pipeline.compile.stock import stock_of
from kpi_pipeline.compile.timespine import says_what_is_missing
from kpi_pipeline.errors import DefinitionError, Problem
from kpi_pipeline.metrics import Agg, Conversion, Cumulative, Derived, Metric, Ratio, Retention, Simple
from kpi_pipeline.metrics.base import InputMetric
from kpi_pipeline.plan import (
    Arithmetic,
    Filled,
    Fold,
    Leaf,
    Measure,
    Node,
    Quotient,
    Reach,
    accumulated,
    leaves,
    moved,
    unfilled,
)
from kpi_pipeline.project import Project


def formula(project: Project, metric: Metric, filters: tuple[str, ...] = ()) -> Node:
    """The tree that computes a metric; `filters` narrow every row it is computed from."""
    node = _bare(project, metric, filters)
    if says_what_is_missing(metric):
        node = unfilled(node)
    return node if metric.fill_nulls_with is None else Filled(node, metric.fill_nulls_with)


def _bare(project: Project, metric: Metric, filters: tuple[str, ...]) -> Node:
    match metric:
        case Simple():
            return _simple(project, metric, filters)
        case Ratio():
            return Quotient(_input(project, metric.numerator, filters), _input(project, metric.denominator, filters))
        case Derived():
            _refuse_other_than_arithmetic(project, metric)
            inputs = tuple((one.called, _input(project, one, filters)) for one in metric.input_metrics)
            return Arithmetic(canonical(metric.expr), inputs)
        case Cumulative():
            reach = Reach(metric.window, metric.grain_to_date, metric.period_agg)
            return accumulated(_input(project, metric.input_metric, filters), reach)
        case Conversion():
            conversion = conversions(project, metric, filters)
            if metric.calculation == "conversions":
                return conversion
            return Quotient(conversion, _input(project, metric.base_metric, filters))
        case Retention():
            return retention(project, metric, filters)


def _refuse_other_than_arithmetic(project: Project, metric: Derived) -> None:
    odd = beyond_arithmetic(sqlglot.parse_one(metric.expr, read="duckdb"))
    if odd is not None:
        place = project.place("metrics", metric.name, "expr")
        message = f"Metric '{metric.name}': a derived 'expr' cannot use {odd.sql(dialect='duckdb')!r}."
        raise DefinitionError([Problem(message, place, f"it may use {IN_WORDS}")])


def _input(project: Project, used: InputMetric, filters: tuple[str, ...]) -> Node:
    narrowed = (*filters, used.filter) if used.filter else filters
    node = formula(project, project.metrics[used.name], narrowed)
    return moved(node, used.offset) if used.offset else node


def _simple(project: Project, metric: Simple, filters: tuple[str, ...]) -> Node:
    own = (*filters, metric.filter) if metric.filter else filters
    model = project.models[metric.model]
    time = metric.active.from_ if metric.active else model.counts_by(metric.agg_time_dimension)
    stock = stock_of(metric, model)
    nothing = None if stock else 0
    narrowed = all_of(own)
    amount = converted(project, metric)

    def measured(fold: Fold, expr: str = amount, *, quantile: float | None = None) -> Measure:
        discrete = metric.percentile_type == "discrete"
        return Measure(
            *(metric.model, time, fold, canonical(expr), narrowed, quantile),
            discrete=discrete,
            stock=stock,
            approximate=metric.approximate,
        )

    match metric.agg:
        case Agg.average:
            return Quotient(Leaf(measured(Fold.sum)), Leaf(measured(Fold.count), nothing))
        case Agg.sum_boolean:
            # NOTE: not a filter, so that rows of which none is true are a count of 0, not a metric without rows.
            return Leaf(measured(Fold.count, f"CASE WHEN {metric.expr} THEN 1 END"), nothing)
        case Agg.median:
            return Leaf(measured(Fold.quantile, quantile=0.5))
        case Agg.percentile:
            return Leaf(measured(Fold.quantile, quantile=metric.percentile))
        case _:
            fold, fill = _FOLDS[metric.agg]
            return Leaf(measured(fold), None if stock else fill)


_FOLDS: dict[Agg, tuple[Fold, float | None]] = {
    Agg.sum: (Fold.sum, 0),
    Agg.count: (Fold.count, 0),
    Agg.count_distinct: (Fold.distinct, 0),
    Agg.min: (Fold.min, None),
    Agg.max: (Fold.max, None),
}
"""How an aggregate's partial results fold, and its value in a period without rows."""


NO_ROWS = 10**15
"""More rows than anything rests on."""


def sample_of(node: Node) -> Leaf:
    """The rows a metric's value rests on: those of a ratio's denominator, of a formula's first input of the period."""
    match node:
        case Leaf():
            return node.sampled
        case Quotient(_, denominator):
            return sample_of(denominator)
        case Arithmetic(_, inputs):
            return min((sample_of(one) for _, one in inputs), key=lambda leaf: len(leaf.offsets))
        case Filled(inner, _):
            return sample_of(inner)


def group_of(node: Node) -> Node:
    """How many rows there are behind the part of a metric that rests on fewest, of those that rest on any.

    >>> from kpi_pipeline.plan import Fold, Measure
    >>> paid, open_ones = (Leaf(Measure("order", "sold_at", Fold.sum, name)) for name in ("paid", "open"))
    >>> group_of(Quotient(paid, open_ones)) == paid.sampled
    True
    """
    counts = tuple(dict.fromkeys(leaf.sampled for leaf in leaves(node)))
    if len(counts) == 1:
        return counts[0]
    inputs = tuple((f"rows_{at}", leaf) for at, leaf in enumerate(counts))
    some = ", ".join(f"CASE WHEN {name} > 0 THEN {name} ELSE {NO_ROWS} END" for name, _ in inputs)
    return Arithmetic(f"nullif(least({some}), {NO_ROWS})", inputs)
