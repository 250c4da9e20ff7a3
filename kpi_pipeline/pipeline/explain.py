"""How a number is made, from source to value, in words and SQL."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from functools import lru_cache
from textwrap import shorten
from typing import TYPE_CHECKING

from kpi_pipeline.compile import compile_query
from kpi_pipeline.errors import QueryError, listed
from kpi_pipeline.ingest import source_states
from kpi_pipeline.periods import Grain
from kpi_pipeline.pipeline.asked_there import rows_there
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.pipeline.kept import KeptByRuns, kept_by_runs
from kpi_pipeline.pipeline.lookups import lay_calendar
from kpi_pipeline.plan import Derivation, ModelPlan, Plan, Reduction, described
from kpi_pipeline.project import Project
from kpi_pipeline.reduce import CALENDAR_DAYS, model_statement, reduction_query, spark_sql

if TYPE_CHECKING:
    from kpi_pipeline.cluster import Spark

_SKIPPED = re.compile(r"(?:Partition|Pushed)Filters: \[.*|file_groups=\{[^}]*\}|(?<!pruning_)predicate=.*?(?=, \w+=|$)")
"""What Spark's and Sail's plans say of the files and blocks that are read."""


def explain(
    project: Project,
    metrics: Sequence[str],
    context: Context | None = None,
    *,
    by: Sequence[str] = (),
    grain: Grain | None = None,
    where: str | None = None,
) -> str:
    """The plan of a question: sources, models, passes with their SQL and what they look up, and the formulas.

    With a warehouse the SQL is that of the run, types and all, and it is said whether a question reads what runs kept
    or scans the model; before anything was loaded the passes are described.
    """
    plan = _plan(project, metrics, by, grain, where)
    sources = dict.fromkeys(source for model in plan.models for source in model.sources)
    if context and any(one.uses_calendar for reduction in plan.reductions for one in reduction.all_joined):
        lay_calendar(context)
    kept = kept_by_runs(context, plan) if context else None
    parts = [
        *(f"metric {name}  [{derivation.fingerprint}]" for name, derivation in plan.derivations.items()),
        *(_source(project, name) for name in sources),
        *(_model(model) for model in plan.models),
        *(_pass(plan, reduction, context, kept) for reduction in plan.reductions),
        *(_derived(name, derivation) for name, derivation in plan.derivations.items()),
    ]
    if by or grain:
        parts.append(f"then by {', '.join([*([grain.value] if grain else []), *by])}")
    return "\n\n".join(parts)


def _plan(project: Project, metrics: Sequence[str], by: Sequence[str], grain: Grain | None, where: str | None) -> Plan:
    """The plan at the grain asked for; without one at the finest that all of the metrics can be asked at."""
    if grain:
        return compile_query(project, metrics, by=by, grain=grain, where=where)
    for one in (None, Grain.day, Grain.hour, Grain.week, Grain.month, Grain.quarter):
        with suppress(QueryError):
            return compile_query(project, metrics, by=by, grain=one, where=where)
    return compile_query(project, metrics, by=by, grain=Grain.year, where=where)


def _derived(name: str, derivation: Derivation) -> str:
    return f"derive {name}\n{described(derivation.node, '  ')}\n\n  sample size: {derivation.sample}"


def _source(project: Project, name: str) -> str:
    source = project.sources[name]
    where = f"{source.connector.type} {source.connector.where}"
    return f"source raw.{name}\n  {where}, load {source.load.mode}" + (
        f", cursor {source.load.cursor}" if source.load.cursor else ""
    )


@lru_cache(maxsize=1024)
def _model(model: ModelPlan) -> str:
    if model.row_local_cursor:
        how = f"row by row: when days of {model.row_local_cursor} change, only those days are reduced again"
    else:
        how = "as a whole: its rows depend on one another or on several tables, so any change reduces it again"
    statement = model_statement(model).sql(dialect="duckdb", pretty=True)
    return f"model {model.table}  ({model.materialized}; {how})\n{_indented(statement)}"


def _pass(plan: Plan, reduction: Reduction, context: Context | None, kept: KeptByRuns | None) -> str:
    model = plan.model(reduction.model)
    head = f"reduce {reduction.table}\n" + "\n".join(f"  {one.column} = {one}" for one in reduction.measures)
    head += "".join(f"\n  look up {one}" for one in reduction.joined)
    if reduction.looked_up:
        head += f"\n  again in full when {listed(reduction.looked_up)} or what is below changes"
    if kept:
        head += f"\n  a question is answered {kept.way(reduction)}"
    if context is None or any(context.warehouse.table_kind(one.table) is None for one in plan.models_of(reduction)):
        return head
    spark = context.clusters.of_pass(plan, reduction)
    if spark is not None:
        return f"{head}\n{_there(context, plan, reduction, spark)}"
    query = reduction_query(reduction, model, context.warehouse).sql(dialect="duckdb", pretty=True)
    return f"{head}\n{_indented(query)}"


def _there(context: Context, plan: Plan, reduction: Reduction, spark: Spark) -> str:
    """A pass in a cluster: its SQL there, and what the cluster skips where only the newest day is asked for."""
    if any(one.uses_calendar for one in reduction.all_joined):
        context.clusters.send(spark, CALENDAR_DAYS)
    where = f"  in the cluster at {spark.where}; its rows stay there"
    text = _indented(spark_sql(rows_there(context, plan, reduction, spark, None, None), pretty=True))
    states = source_states(context.warehouse)
    days = (states[one].newest_day for one in plan.sources_of(reduction.model) if one in states)
    newest = max((day for day in days if day), default=None)
    if newest is None or not plan.model(reduction.model).row_local_cursor:
        return f"{where}\n{text}"
    day = rows_there(context, plan, reduction, spark, newest, newest + timedelta(days=1))
    skips = [part for line in spark.plan(day).splitlines() for part in _SKIPPED.findall(line)]
    shown = "\n".join(f"  > {shorten(one, 300)}" for one in skips)
    return f"{where}\n{text}\n  of {newest} alone it reads by\n{shown}"


def _indented(text: str) -> str:
    return "\n".join(f"  | {line}" for line in text.splitlines())
