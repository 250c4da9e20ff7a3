"""Before a reduction looks things up: the calendar's days lie ready, every key leads to one row, amounts have rates."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import sqlglot
from sqlglot import expressions as exp

from kpi_pipeline.calendar import build_calendar
from kpi_pipeline.compile.personal import personal_columns
from kpi_pipeline.errors import DataError
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.pipeline.coverage import calendar_rules
from kpi_pipeline.plan import Engine, Fold, GroupedMetric, Hop, Matching, Measure, ModelPlan, Rate, Reduction, Shape
from kpi_pipeline.reduce import CALENDAR_DAYS, FIRST_DAY, LAST_DAY, missing_rate, repeated_key, repeated_rate

if TYPE_CHECKING:
    from kpi_pipeline.cluster import Spark


def prepare_lookups(
    context: Context,
    reduction: Reduction,
    model: ModelPlan,
    ready: set[object],
    days: tuple[date, date] | None = None,
    *,
    spark: Spark | None = None,
) -> None:
    """Makes sure that what a reduction looks up is there and is one row a key; `ready` remembers what was looked at.

    `days` are the ones that are made again, all of them if not given; `spark` is the cluster that has the rows, if one
    does.

    Raises:
        DataError: a key that should be its model's own has several rows, or several at the same time; an amount has no
            rate by which it could be converted.
    """
    joined = reduction.all_joined
    engine: Engine = spark or context.warehouse
    if any(one.uses_calendar for one in joined):
        if CALENDAR_DAYS not in ready:
            lay_calendar(context)
            ready.add(CALENDAR_DAYS)
        if spark:
            context.clusters.send(spark, CALENDAR_DAYS)
    for hop in {hop for one in joined for hop in one.hops}:
        about = (hop.model.name, hop.key, hop.validity)
        if about not in ready:
            _refuse_repeated(context, hop, engine)
            ready.add(about)
    for metric in joined:
        for part in metric.parts if isinstance(metric, GroupedMetric) else ():
            prepare_lookups(context, part.reduction, part.model, ready, spark=spark)
    for rate in joined:
        if isinstance(rate, Rate):
            if rate.fingerprint not in ready:
                _refuse_repeated_rates(rate, engine)
                ready.add(rate.fingerprint)
            if rate in reduction.joined:
                _refuse_missing_rates(reduction, rate, model, days, engine)
            elif isinstance(reduction.events, Matching):
                later = reduction.events.conversion.model
                _refuse_missing_rates(_converting(reduction.events), rate, later, None, engine)


def lay_calendar(context: Context) -> None:
    """Puts the days of the project's calendar beside the rows, with the periods they are in."""
    days = build_calendar(FIRST_DAY, LAST_DAY, calendar_rules(context.project, context.warehouse)).days
    context.warehouse.replace_table(CALENDAR_DAYS, days.filter(pl.col("day").is_between(FIRST_DAY, LAST_DAY)))


def _refuse_repeated(context: Context, hop: Hop, engine: Engine) -> None:
    found = engine.rows(repeated_key(hop, engine))
    if not found:
        return
    entity = hop.entity
    model = context.project.models[hop.model.name]
    columns = {one.name.lower() for one in sqlglot.parse_one(hop.key, read="duckdb").find_all(exp.Column)}
    shown = "a key (hidden, it is personal)" if columns & personal_columns(context.project, model) else f"{found[0][0]}"
    place = context.project.place("models", model.name)
    where = f"{place}  " if place else ""
    if hop.validity:
        start, end = hop.validity
        raise DataError(
            f"{where}Model '{model.name}': of the entity '{entity}', {shown} has rows whose validity overlaps, from "
            f"'{start}' until '{end}', so a row would be joined to more than one of them.\n"
            "Hint: let each row end where the next one begins; the end is not included, and NULL is open."
        )
    kind = next(one.type for one in model.entities if one.name == entity)
    raise DataError(
        f"{where}Model '{model.name}': the entity '{entity}' is {kind}, but {shown} has more than one row, so what is "
        "joined to it would be counted several times.\n"
        f"Hint: keep one row a {entity} in the model's SQL; or, where rows are valid one after the other, make it "
        "`type: natural` and say which time dimensions hold since when and until when (validity_params)."
    )


def _refuse_repeated_rates(rate: Rate, engine: Engine) -> None:
    for currency, day in engine.rows(repeated_rate(rate, engine)):
        raise DataError(
            f"Model '{rate.rates.name}' has more than one rate for {currency} on {day}, so amounts would be counted "
            "several times.\nHint: keep one row a currency and day in its SQL."
        )


def _converting(matching: Matching) -> Reduction:
    """The amounts that conversions add, as a pass over their own model."""
    later = matching.conversion
    amount = Measure(later.model.name, later.time, Fold.sum, matching.expr, later.filter)
    return Reduction(later.model.name, later.time, Shape.additive, (), (amount,), joined=later.joined)


def _refuse_missing_rates(
    reduction: Reduction, rate: Rate, model: ModelPlan, days: tuple[date, date] | None, engine: Engine
) -> None:
    from_day, to_day = days or (None, None)
    query = missing_rate(reduction, rate, model, engine, from_day=from_day, to_day=to_day)
    for currency, day in engine.rows(query):
        if currency is None:
            raise DataError(
                f"A row of model '{model.name}' on {day} has an amount, but {rate.currency} does not say in which "
                f"currency, so it cannot be converted into {rate.into}.\n"
                "Hint: give such rows their currency in the model's SQL, or leave them out."
            )
        older = f", nor in the {rate.within} before" if rate.within else ""
        allow = "allow an older one" if rate.within is None else "allow an older one still"
        raise DataError(
            f"There is no rate for {currency} on {day}{older} in model '{rate.rates.name}', and model '{model.name}' "
            f"has an amount to convert into {rate.into}.\n"
            f"Hint: load the rate, or {allow}: currency: {{..., within: 7 days}}"
        )
