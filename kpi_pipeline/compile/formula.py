"""A metric as a tree over measures."""

from __future__ import annotations

from kpi_pipeline.compile.canonical import all_of, canonical
from kpi_pipeline.metrics import Agg, Cumulative, Derived, Metric, Ratio, Simple
from kpi_pipeline.metrics.base import InputMetric
from kpi_pipeline.plan import Arithmetic, Filled, Fold, Leaf, Measure, Node, Quotient, Reach, accumulated, moved
from kpi_pipeline.project import Project


def formula(project: Project, metric: Metric, filters: tuple[str, ...] = ()) -> Node:
    """The tree that computes a metric; `filters` narrow every row it is computed from."""
    node = _bare(project, metric, filters)
    return node if metric.fill_nulls_with is None else Filled(node, metric.fill_nulls_with)


def _bare(project: Project, metric: Metric, filters: tuple[str, ...]) -> Node:
    match metric:
        case Simple():
            return _simple(project, metric, filters)
        case Ratio():
            return Quotient(_input(project, metric.numerator, filters), _input(project, metric.denominator, filters))
        case Derived():
            inputs = tuple((one.called, _input(project, one, filters)) for one in metric.input_metrics)
            return Arithmetic(canonical(metric.expr), inputs)
        case Cumulative():
            reach = Reach(metric.window, metric.grain_to_date, metric.period_agg)
            return accumulated(_input(project, metric.input_metric, filters), reach)


def _input(project: Project, used: InputMetric, filters: tuple[str, ...]) -> Node:
    narrowed = (*filters, used.filter) if used.filter else filters
    node = formula(project, project.metrics[used.name], narrowed)
    return moved(node, used.offset_window) if used.offset_window else node


def _simple(project: Project, metric: Simple, filters: tuple[str, ...]) -> Node:
    own = (*filters, metric.filter) if metric.filter else filters
    model = project.models[metric.model]
    time = metric.agg_time_dimension or model.agg_time_dimension

    def leaf(fold: Fold, expr: str, fill: float | None, **options: object) -> Leaf:
        quantile = options.get("quantile")
        return Leaf(
            Measure(
                model=metric.model,
                time=time,
                fold=fold,
                expr=canonical(expr),
                filter=all_of(conditions),
                quantile=quantile if isinstance(quantile, float) else None,
                discrete=bool(options.get("discrete", False)),
            ),
            fill,
        )

    conditions = own
    match metric.agg:
        case Agg.sum:
            return leaf(Fold.sum, metric.expr, 0)
        case Agg.count:
            return leaf(Fold.count, metric.expr, 0)
        case Agg.sum_boolean:
            return leaf(Fold.count, f"CASE WHEN {metric.expr} THEN 1 END", 0)
        case Agg.count_distinct:
            return leaf(Fold.distinct, metric.expr, 0)
        case Agg.average:
            return Quotient(leaf(Fold.sum, metric.expr, None), leaf(Fold.count, metric.expr, 0))
        case Agg.min:
            return leaf(Fold.min, metric.expr, None)
        case Agg.max:
            return leaf(Fold.max, metric.expr, None)
        case Agg.median:
            return leaf(Fold.quantile, metric.expr, None, quantile=0.5)
        case Agg.percentile:
            share = metric.percentile
            return leaf(Fold.quantile, metric.expr, None, quantile=share, discrete=metric.percentile_type == "discrete")


def sample_of(node: Node) -> Leaf:
    """The rows a metric's value rests on: those of a ratio's denominator, of a formula's first input that is of today."""
    match node:
        case Leaf(measure, _, reach, offsets):
            return Leaf(measure.rows, 0, reach, offsets)
        case Quotient(_, denominator):
            return sample_of(denominator)
        case Arithmetic(_, inputs):
            return min((sample_of(one) for _, one in inputs), key=lambda leaf: len(leaf.offsets))
        case Filled(inner, _):
            return sample_of(inner)
