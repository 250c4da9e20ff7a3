"""Stage 3: partial results, made again only where what they rest on changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING

from sqlglot import expressions as exp

from kpi_pipeline.derive import Partials
from kpi_pipeline.errors import DataError
from kpi_pipeline.pipeline.asked_there import asked_there
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.pipeline.engine_error import engine_error
from kpi_pipeline.pipeline.in_partitions import in_partitions
from kpi_pipeline.pipeline.known_by import known_by
from kpi_pipeline.pipeline.load_sources import Loaded
from kpi_pipeline.pipeline.lookups import prepare_lookups
from kpi_pipeline.pipeline.make_models import Models
from kpi_pipeline.pipeline.read_partials import in_parts, partials_of
from kpi_pipeline.pipeline.rests_on import RestsOn, rests_on
from kpi_pipeline.plan import ModelPlan, Plan, Reduction
from kpi_pipeline.reduce import reads_again, reduction_query
from kpi_pipeline.store.answers import KeptAnswers
from kpi_pipeline.store.partials import (
    Entry,
    has_whole_keys,
    is_kept,
    leave_there,
    ledger,
    partials_query,
    point_at_rows,
    replace_partials,
)

if TYPE_CHECKING:
    from kpi_pipeline.cluster import Spark

Days = tuple[date, date]


@dataclass(frozen=True)
class Reduced:
    """What the reduce stage did: how many passes were made, and over how many rows of partial results."""

    made: int
    rows: int
    entries: Mapping[Reduction, Entry]


def reduce_models(context: Context, plan: Plan, loaded: Loaded, models: Models) -> Reduced:
    """Makes the partial results of every usable model, whole or only the days that were touched."""
    known = {} if context.full else ledger(context.warehouse)
    entries: dict[Reduction, Entry] = {}
    made = 0
    ready: set[object] = set()
    for reduction in plan.reductions:
        if any(one.name in models.blocked for one in plan.models_of(reduction)):
            continue
        model = plan.model(reduction.model)
        now = rests_on(context, plan, reduction, loaded.states)
        before = known.get(reduction.table.name)
        if before and now.made_of(before) and not context.since:
            entries[reduction] = before
        else:
            made_alike = before if now.made_by(before) else None
            if set(plan.sources_of(model.name)) & {
                one for name in reduction.looked_up for one in plan.sources_of(name)
            }:
                made_alike = None  # a row of one day decides what is looked up for rows of others
            days = _days(context, loaded, reduction, model, now.inputs, made_alike)
            spark = context.clusters.of_pass(plan, reduction)
            prepare_lookups(context, reduction, model, ready, days, spark=spark)
            make = partial(_make_there, spark) if spark else _make
            entries[reduction] = make(context, reduction, model, now, days)
            made += 1
        context.watch.step(reduction.table.name)
    return Reduced(made, sum(entry.rows for entry in entries.values()), entries)


def _days(
    context: Context,
    loaded: Loaded,
    reduction: Reduction,
    model: ModelPlan,
    inputs: Mapping[str, str],
    before: Entry | None,
) -> Days | None:
    """The days to make again; None means all of them.

    Only the touched days where each row of the model stands for itself, the cursor is its time, what it looks up in
    other models rests on sources that did not change, and what is there was made from the version before this one.
    NOTE: a day more on both sides, because the cursor's day is that of the source's zone and the business day that of
    the project's.
    """
    if before is None or model.row_local_cursor is None or reduction.time != model.row_local_time or reduction.events:
        return None
    source = model.sources[0]
    if any(before.inputs.get(one) != loaded.states[one].version for one in inputs if one != source):
        return None
    previous, touched = loaded.touched.get(source, (None, None))
    if context.since and before.inputs.get(source) == loaded.states[source].version:
        return context.since, date.max
    if touched is None or before.inputs.get(source) != previous:
        return None
    if context.since:
        return min(touched[0] - timedelta(days=1), context.since), date.max
    return touched[0] - timedelta(days=1), touched[1] + timedelta(days=2)


def _make(context: Context, reduction: Reduction, model: ModelPlan, now: RestsOn, days: Days | None) -> Entry:
    """Makes partial results, or says where they are read from; `days` are those on which rows changed."""
    warehouse = context.warehouse
    try:
        query = reduction_query(reduction, model, warehouse)
        as_they_are = reads_again(reduction, model) and has_whole_keys(warehouse, query)
        if not as_they_are and days and is_kept(warehouse, reduction):
            query = reduction_query(reduction, model, warehouse, from_day=days[0], to_day=days[1])
        elif not as_they_are:
            days = None
        make = point_at_rows if as_they_are else replace_partials
        return make(
            warehouse,
            reduction,
            query,
            fingerprint=now.definition,
            inputs=now.inputs,
            days=days,
            made_at=context.now,
        )
    except warehouse.query_errors as problem:
        raise _not_reduced(context, reduction, problem) from problem


def _make_there(
    spark: Spark, context: Context, reduction: Reduction, model: ModelPlan, now: RestsOn, days: Days | None
) -> Entry:
    """Makes partial results in the cluster that has the rows; of keys and values, which are many, none come.

    `days` are those on which rows changed.
    """
    warehouse = context.warehouse
    if in_parts(reduction):
        return leave_there(
            warehouse, reduction, fingerprint=now.definition, inputs=now.inputs, days=days, made_at=context.now
        )
    days = days if is_kept(warehouse, reduction) else None
    first, after = days or (None, None)
    try:
        query = reduction_query(reduction, model, spark, from_day=first, to_day=after)
        rows = spark.fetch(in_partitions(context.project, reduction, model, query, first, after))
    except spark.query_errors as problem:
        raise _not_reduced(context, reduction, problem) from problem
    with warehouse.lent(rows) as name:
        return replace_partials(
            warehouse,
            reduction,
            exp.select("*").from_(exp.table_(name, quoted=True)),
            fingerprint=now.definition,
            inputs=now.inputs,
            days=days,
            made_at=context.now,
        )


def _not_reduced(context: Context, reduction: Reduction, problem: Exception) -> DataError:
    """What to say where a model's rows cannot be turned into partial results."""
    about = engine_error(context.project, reduction.model, problem)
    place = context.project.place("models", reduction.model)
    return DataError(
        f"{place}  Model '{reduction.model}' cannot be reduced: {about}\n"
        f"Hint: `kpi explain METRIC` shows the SQL; the metrics on this model aggregate "
        f"{'; '.join(str(one) for one in reduction.measures if one.expr != '1') or 'rows'}."
    )


def read_all(context: Context, plan: Plan, reduced: Reduced) -> Partials:
    """The partial results as derive gets them; keys and values in a cluster are asked there."""
    refusal = partial(_not_reduced, context)
    there = asked_there(context, plan, filter(in_parts, reduced.entries), refusal)
    queries = {one: known_by(context.today, one, partials_query(one)) for one in reduced.entries if one not in there}
    return partials_of(context.warehouse, queries, refusal, KeptAnswers(context.warehouse), elsewhere=there)
