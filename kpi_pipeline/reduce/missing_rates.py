"""Queries for amounts that cannot be converted, because their currency has no rate on their day."""

from __future__ import annotations

from datetime import date

from sqlglot import expressions as exp

from kpi_pipeline.plan import Engine, Measure, ModelPlan, Rate, Reduction
from kpi_pipeline.reduce.aggregate import condition, parsed
from kpi_pipeline.reduce.day import business_day, time_column
from kpi_pipeline.reduce.reduction import with_dimensions
from kpi_pipeline.reduce.rows import rows_of


def missing_rate(
    reduction: Reduction,
    rate: Rate,
    model: ModelPlan,
    engine: Engine,
    *,
    from_day: date | None = None,
    to_day: date | None = None,
) -> exp.Select:
    """SELECT the currency and the day of the first amount that some measure adds up and that has no rate."""
    time = time_column(model, reduction.time)
    rows = rows_of(model, reduction, engine)
    kind = engine.columns(exp.select(exp.alias_(time, "_time")).from_(rows))["_time"]
    day = business_day(model, reduction.time, kind)
    amounts = [_adds(one) for one in reduction.measures if rate.name in one.expr]
    query = (
        exp.select(exp.alias_(parsed(rate.currency), "_currency"), exp.alias_(day, "_day"))
        .from_(rows.copy())
        .where(exp.column(rate.name, quoted=True).is_(exp.null()), day.copy().is_(exp.null()).not_(), exp.or_(*amounts))
        .order_by("_day", "_currency")
        .limit(1)
    )
    if reduction.where:
        query = query.where(with_dimensions(parsed(reduction.where), model))
    if from_day:
        query = query.where(exp.GTE(this=day.copy(), expression=exp.cast(exp.Literal.string(str(from_day)), "DATE")))
    if to_day:
        query = query.where(exp.LT(this=day.copy(), expression=exp.cast(exp.Literal.string(str(to_day)), "DATE")))
    return query


def _adds(measure: Measure) -> exp.Expr:
    """Whether a row has an amount for the measure: what is multiplied or divided by the rate."""
    product = parsed(measure.expr)
    amount = product.this if isinstance(product, exp.Mul | exp.Div) else product
    return exp.and_(amount.copy().is_(exp.null()).not_(), condition(measure))
