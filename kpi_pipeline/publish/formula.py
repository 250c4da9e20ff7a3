"""How a metric is computed, in words."""

from __future__ import annotations

from kpi_pipeline.metrics import Agg, Conversion, Cumulative, Derived, Metric, Ratio, Retention, Simple
from kpi_pipeline.metrics.base import InputMetric
from kpi_pipeline.publish.stock_words import stock_in_words

_AGGREGATES = {
    Agg.sum: "sum of {}",
    Agg.count: "number of rows with {}",
    Agg.count_distinct: "number of different {}",
    Agg.sum_boolean: "number of rows for which {}",
    Agg.average: "average of {}",
    Agg.min: "smallest {}",
    Agg.max: "largest {}",
    Agg.median: "median of {}",
    Agg.percentile: "percentile of {}",
}


def formula(metric: Metric) -> str:
    """The metric as a sentence a business reader can follow.

    >>> formula(Simple(name="orders", type="simple", model="order_lines", agg="count_distinct", expr="invoice",
    ...                filter="not is_cancelled"))
    'number of different invoice where not is_cancelled'
    >>> formula(Ratio(name="aov", type="ratio", numerator="net_sales", denominator="orders"))
    'net_sales / orders'
    >>> formula(Retention(name="r", type="retention", entity="customer", model="orders", cohort_grain="month", age=1))
    'share of customers first seen in orders in the month and seen again 1 month later'
    """
    match metric:
        case Simple():
            where = f" where {metric.filter}" if metric.filter else ""
            when = f", at {metric.agg_time_dimension}" if metric.agg_time_dimension else ""
            estimated = ", approximately" if metric.approximate else ""
            return _aggregate(metric) + where + when + stock_in_words(metric) + estimated
        case Ratio():
            return f"{_input(metric.numerator)} / {_input(metric.denominator)}"
        case Derived():
            return metric.expr + _aliases(metric)
        case Cumulative():
            return f"{_input(metric.input_metric)} {_reach(metric)}"
        case Conversion():
            return _conversion(metric)
        case Retention():
            return _retention(metric)


def _aggregate(metric: Simple) -> str:
    if metric.agg is Agg.count and "expr" not in metric.model_fields_set:
        return f"number of rows of {metric.model}"
    if metric.agg is Agg.percentile and metric.percentile is not None:
        return f"{metric.percentile:.4g} quantile of {metric.expr}"
    return _AGGREGATES[metric.agg].format(metric.expr)


def _input(used: InputMetric) -> str:
    back = f"{used.offset} earlier" if used.offset_window else used.offset
    moved = f"{used.name} {back}" if back else used.name
    return f"({moved} where {used.filter})" if used.filter else moved


def _aliases(metric: Derived) -> str:
    """What the names in the expression stand for, where they are not plain metrics."""
    meant = [f"{used.called} is {_input(used)}" for used in metric.inputs if _input(used) != used.called]
    return f", where {' and '.join(meant)}" if meant else ""


def _conversion(metric: Conversion) -> str:
    within = f"less than {metric.window} after" if metric.window else "at any time after"
    same = [metric.entity]
    for one in metric.constant_properties:
        other = "" if one.base_property == one.conversion_property else f" (as {one.conversion_property})"
        same.append(one.base_property + other)
    base = _input(metric.base_metric)
    converted = f"{_input(metric.conversion_metric)} {within} {base} of the same {' and '.join(same)}"
    return converted if metric.calculation == "conversions" else f"({converted}) / {base}"


def _retention(metric: Retention) -> str:
    entities, grain = f"{metric.entity}s", metric.cohort_grain
    where = f" where {metric.filter}" if metric.filter else ""
    later = f"{metric.age} {grain}{'' if str(metric.age) == '1' else 's'} later"
    seen = f"{entities} first seen in {metric.model}{where} in the {grain} and seen again {later}"
    return seen if metric.calculation == "retained" else f"share of {seen}"


def _reach(metric: Cumulative) -> str:
    if metric.window:
        return f"over the last {metric.window}"
    if metric.grain_to_date:
        return f"since the {metric.grain_to_date} began"
    return "since the beginning"
