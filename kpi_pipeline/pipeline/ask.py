"""Questions: the run's own engine asked for a few metrics, so that a number is the same wherever it is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from functools import reduce as fold_left

import polars as pl
from sqlglot import expressions as exp

from kpi_pipeline.compile import compile_query
from kpi_pipeline.derive import Partials, derive
from kpi_pipeline.errors import DataError, QueryError, did_you_mean, listed
from kpi_pipeline.ingest import source_states
from kpi_pipeline.periods import Grain, day_after_named, first_day_named
from kpi_pipeline.pipeline.asked_there import asked_there
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.pipeline.coverage import by_calendar, calendar_for, coverage_of
from kpi_pipeline.pipeline.defined import models_as_defined
from kpi_pipeline.pipeline.engine_error import engine_error
from kpi_pipeline.pipeline.hours_asked import refuse_hours_of, within_hours
from kpi_pipeline.pipeline.kept import Kept, KeptByRuns, kept_by_runs
from kpi_pipeline.pipeline.known_by import known_by
from kpi_pipeline.pipeline.lookups import prepare_lookups
from kpi_pipeline.pipeline.read_partials import in_parts, partials_of
from kpi_pipeline.plan import Engine, Plan, Reduction, Series, Shape
from kpi_pipeline.reduce import reduction_query
from kpi_pipeline.store.answers import KeptAnswers

KEY = "period_start"


def query(
    context: Context,
    metrics: Sequence[str],
    *,
    by: Sequence[str] = (),
    grain: Grain | str | None = None,
    where: str | None = None,
    start: str | None = None,
    end: str | None = None,
    order_by: Sequence[str] = (),
    limit: int | None = None,
) -> pl.DataFrame:
    """One row a period and segment that has data: period_start (if a grain is asked), dimensions, a column a metric.

    Args:
        context: the project and its warehouse; nothing is written to it.
        metrics: names of metrics.
        by: dimensions that every metric's model has or reaches: `country`, `customer__country`, `sold_at__month`.
        grain: hour, day, week, month, quarter or year; without one the total over the time asked for.
        where: a condition over dimensions, such as `customer__country <> 'France'`, and metrics of an entity, such as
            `metric('orders', 'customer') > 5`.
        start: the first period, named by a date, month, quarter, week or year; the period it lies in is whole.
        end: the last one, included: 2010-12 means through December. By hour both may name one: 2010-12-09T14.
        order_by: columns to sort by, `-` before a name for descending; by default time, then the dimensions.
        limit: how many rows at most.

    Raises:
        QueryError: something asked for is not defined.
        DataError: nothing was loaded yet.
    """
    asked = grain_asked(grain)
    if limit is not None and limit < 0:
        raise QueryError(f"There cannot be {limit} rows.\nHint: leave the limit out to get all of them.")
    plan = compile_query(context.project, metrics, by=by, grain=asked, where=where)
    models_as_defined(context, plan)
    _refuse_missing(context, plan)
    partials = partial_results(context, plan)
    states = by_calendar(context.project, source_states(context.warehouse), context.warehouse)
    coverage = coverage_of(plan.derivations, partials, states, context.today)
    calendar = calendar_for(context.project, coverage, context.now.date(), context.warehouse)
    refuse_hours_of(asked, start, end)
    first, after = _named("from", start, first_day_named), _named("to", end, day_after_named)
    if first and after and first >= after:
        raise QueryError(f"'{start}' (from) lies after '{end}' (to).\nHint: exchange the two.")
    last = pl.select(pl.lit(after).dt.offset_by("-1d")).item() if after else None
    results = derive(plan.series, plan.derivations, partials, calendar, coverage, dense=False, first=first, last=last)
    table = _side_by_side(plan.series, results, list(dict.fromkeys(by)), asked)
    if asked is Grain.hour:
        table = within_hours(table, calendar, start, end)
    return _ordered(table, order_by, limit)


def grain_asked(grain: Grain | str | None) -> Grain | None:
    """The grain of that name; QueryError with the nearest one where there is none."""
    if grain is None or isinstance(grain, Grain):
        return grain
    if grain not in Grain.__members__:
        near = did_you_mean(grain.lower(), list(Grain)) or f"use one of {listed([one.value for one in Grain])}"
        raise QueryError(f"'{grain}' is not a grain.\nHint: {near}")
    return Grain(grain)


def _named(option: str, text: str | None, day: Callable[[str], date]) -> date | None:
    try:
        return day(text) if text else None
    except ValueError:
        raise QueryError.no_period(option, text or "") from None


def _refuse_missing(context: Context, plan: Plan) -> None:
    missing = [one.name for one in plan.models if context.warehouse.table_kind(one.table) is None]
    if missing:
        raise DataError(
            f"The data behind {listed(missing)} was not loaded yet.\nHint: `kpi run` loads it; then ask again."
        )


def partial_results(context: Context, plan: Plan) -> Partials:
    """What the question needs: from what runs kept where that is enough, otherwise straight from the models.

    Nothing is kept of it.
    """
    kept = kept_by_runs(context, plan)
    ready: set[object] = set()
    queries: dict[Reduction, exp.Query] = {}
    refusal = partial(_unanswered, context)
    there = asked_there(context, plan, filter(in_parts, plan.reductions), refusal)
    engines: dict[Reduction, Engine] = {}
    for reduction in plan.reductions:
        model, way = plan.model(reduction.model), kept.way(reduction)
        is_kept = isinstance(way, Kept) and reduction not in there
        spark = None if is_kept else context.clusters.of_pass(plan, reduction)
        engine: Engine = spark or context.warehouse
        try:
            if isinstance(way, Kept) and is_kept:
                query: exp.Query = way.query(reduction, context.warehouse)
            else:
                prepare_lookups(context, reduction, model, ready, spark=spark)
                query = reduction_query(reduction, model, engine)
            if reduction not in there:
                engines[reduction] = engine
                queries[reduction] = known_by(context.today, reduction, query)
        except engine.query_errors as problem:
            raise refusal(reduction, problem) from problem
    # NOTE: answers are about all rows of a day, so they say nothing under a condition.
    whole = all(isinstance(kept.way(one), Kept) and not one.where for one in plan.reductions)
    answers = KeptAnswers(context.warehouse) if whole else None
    found = partials_of(context.warehouse, queries, refusal, answers, engines=engines, elsewhere=there)
    return reaching_as_far(context, plan, found, kept, engines)


def reaching_as_far(
    context: Context,
    plan: Plan,
    found: Partials,
    kept: KeptByRuns | None = None,
    engines: Mapping[Reduction, Engine] | None = None,
) -> Partials:
    """The partial results with the days that all rows of a model span: a condition narrows what is counted, not that.

    So a question about France gives the numbers that a breakdown by country has in the row of France.
    """
    first, last = (exp.func(name, exp.column("_day")) for name in ("MIN", "MAX"))
    spans = dict(found.spans)
    for one in plan.reductions:
        if one.where and one.shape is Shape.additive and one.events is None:
            rows = replace(one, where="", dimensions=(), joined=(), measures=(one.measures[0].all_rows,))
            way = kept.way(rows) if kept else None
            engine: Engine = context.warehouse
            if isinstance(way, Kept):
                days = way.query(rows, context.warehouse)
            else:
                engine = (engines or {}).get(one, engine)
                days = reduction_query(rows, plan.model(one.model), engine)
            [span] = engine.rows(exp.select(first, last).from_(days.subquery("days")))
            if span[0]:
                spans[one.model, one.time] = span
    return replace(found, spans=spans)


def _unanswered(context: Context, reduction: Reduction, problem: Exception) -> QueryError:
    about = engine_error(context.project, reduction.model, problem)
    return QueryError(
        f"The question cannot be answered: {about}\n"
        "Hint: does the condition compare values of one type? `kpi explain METRIC` shows the SQL."
    )


def _side_by_side(
    series: Sequence[Series], results: dict[Series, pl.DataFrame], by: list[str], grain: Grain | None
) -> pl.DataFrame:
    """The metrics joined on what they share; a row that only some have is empty for the others."""
    keys = [*([KEY] if grain else []), *by]
    frames = [results[one].select(*keys, pl.col("value").alias(one.metric)) for one in series]
    if not keys:
        return pl.concat([_one_row(frame) for frame in frames], how="horizontal")
    return fold_left(
        lambda left, right: left.join(right, on=keys, how="full", coalesce=True, nulls_equal=True), frames
    ).sort(keys, nulls_last=True)


def _one_row(frame: pl.DataFrame) -> pl.DataFrame:
    return frame if frame.height else pl.DataFrame({name: [None] for name in frame.columns}, schema=frame.schema)


def _ordered(table: pl.DataFrame, order_by: Sequence[str], limit: int | None) -> pl.DataFrame:
    names = [one.removeprefix("-") for one in order_by]
    unknown = [name for name in names if name not in table.columns]
    if unknown:
        near = did_you_mean(unknown[0], table.columns) or f"there are {listed(table.columns)}"
        raise QueryError(f"There is no column {listed(unknown)} to order by.\nHint: {near}")
    if names:
        table = table.sort(names, descending=[one.startswith("-") for one in order_by], nulls_last=True)
    return table.head(limit) if limit is not None else table
