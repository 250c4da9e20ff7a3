"""Amounts in the project's currency: each is converted at the rate of its own day, before it is added."""

from __future__ import annotations

from kpi_pipeline.compile.models import plan_model, quoted_column
from kpi_pipeline.metrics import Agg, Simple
from kpi_pipeline.metrics.base import Unit
from kpi_pipeline.models import Model
from kpi_pipeline.plan.rates import Rate, rate_column
from kpi_pipeline.project import Project

COUNTED = (Agg.count, Agg.count_distinct, Agg.sum_boolean)


def converted(project: Project, metric: Simple) -> str:
    """What a metric aggregates, in the project's currency where it is money of another one."""
    model = project.models[metric.model]
    if metric.unit is not Unit.currency or metric.agg in COUNTED or rate_of(project, model) is None:
        return metric.expr
    assert model.currency
    operator = "*" if model.currency.per == "foreign" else "/"
    return f'({metric.expr}) {operator} "{rate_column(model.name)}"'


def rate_of(project: Project, model: Model) -> Rate | None:
    """The rate of a model's rows; None where its amounts are in the project's currency already."""
    currency = model.currency
    if currency is None or currency.rates is None:
        return None
    rates = project.models[currency.rates]
    return Rate(
        rate_column(model.name),
        _currency_of(model, currency.column) if currency.column else f"'{currency.from_}'",
        project.settings.currency,
        plan_model(project, rates),
        rates.counts_by(),
        _currency_of(rates, currency.code),
        _currency_of(rates, currency.rate),
        currency.within,
    )


def _currency_of(model: Model, name: str) -> str:
    """A dimension or column of a model as SQL over its columns."""
    declared = model.dimension(name)
    return declared.expr if declared and declared.expr else quoted_column(name)
