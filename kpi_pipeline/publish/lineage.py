"""Lineage: every step from the sources' columns to the goals, read from the definitions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from sqlglot import exp, parse_one
from sqlglot.optimizer.scope import Scope, traverse_scope

from kpi_pipeline.dimensions import find_dimension, may_be_joined
from kpi_pipeline.grouped import asked_by, is_call
from kpi_pipeline.metrics import Conversion, Metric, Retention, Simple
from kpi_pipeline.metrics.base import Unit
from kpi_pipeline.models import Model
from kpi_pipeline.names import without_age
from kpi_pipeline.project import Project

Kind = Literal["source", "model", "metric", "kpi", "goal"]


@dataclass(frozen=True, order=True)
class End:
    """A thing at one end of a step, written as check results and Dagster name it; what a source loads is `raw/...`.

    >>> str(End("metric", "orders")), str(End("source", "invoices"))
    ('metric/orders', 'raw/invoices')
    """

    kind: Kind
    name: str

    def __str__(self) -> str:
        return f"{'raw' if self.kind == 'source' else self.kind}/{self.name}"


@dataclass(frozen=True)
class Edge:
    """Downstream is made from upstream; `column` is what it reads there, where that can be told."""

    downstream: End
    upstream: End
    column: str | None = None


def lineage(project: Project) -> tuple[Edge, ...]:
    """All steps of the project, each once, from sources to goals."""
    edges = [
        *(edge for model in project.models.values() for edge in model_edges(project, model)),
        *(edge for metric in project.metrics.values() for edge in metric_edges(project, metric)),
        *_kpi_edges(project),
        *_goal_edges(project),
    ]
    return tuple(dict.fromkeys(edges))


def model_edges(project: Project, model: Model) -> tuple[Edge, ...]:
    """The sources and models that a model reads, column by column where its SQL says so."""
    here = End("model", model.name)
    edges = [
        Edge(here, upstream, column)
        for schema, table, column in _columns_of_tables(model.sql or f"SELECT * FROM {model.table}")
        if (upstream := _end_of(project, schema, table))
    ]
    return tuple(dict.fromkeys(edges))


@lru_cache(maxsize=1024)
def _columns_of_tables(sql: str) -> tuple[tuple[str, str, str | None], ...]:
    """Schema, table and column of all that a query reads; the versions of all metrics ask for that of every model."""
    return tuple(
        (table.db, table.name, column)
        for scope in traverse_scope(parse_one(sql, dialect="duckdb"))
        for alias, table in scope.sources.items()
        if isinstance(table, exp.Table)
        for column in _columns_read(scope, alias)
    )


def _end_of(project: Project, schema: str, table: str) -> End | None:
    """The source or model that a table of a model's SQL is; None for anything else, such as a table function."""
    if schema == "raw" and table in project.sources:
        return End("source", table)
    if schema in ("", "model") and table in project.models:
        return End("model", table)
    return None


def _columns_read(scope: Scope, alias: str) -> tuple[str | None, ...]:
    """The columns a query reads of one of its tables; a single None where it reads all, or where it cannot be told."""
    query = scope.expression
    if isinstance(query, exp.Query) and any(selected.is_star for selected in query.selects):
        return (None,)
    alone = len(scope.sources) == 1
    found = [column.name for column in scope.columns if column.table == alias or (alone and not column.table)]
    return tuple(dict.fromkeys(found)) or (None,)


def metric_edges(project: Project, metric: Metric) -> Iterator[Edge]:
    """What a metric is computed from: metrics, columns of its model, and what it looks up in other models."""
    here = End("metric", metric.name)
    for used in metric.inputs:
        yield Edge(here, End("metric", used.name))
        if used.filter:
            for name in sorted(project.models_of(used.name)):
                yield from _looked_up(project, here, name, used.filter)
    if isinstance(metric, Simple):
        yield from _read(
            project, here, metric.model, metric.expr, metric.filter, metric.agg_time_dimension, *_times_of_stock(metric)
        )
        currency = project.models[metric.model].currency
        if currency and currency.rates and metric.unit is Unit.currency:
            yield Edge(here, End("model", currency.rates), currency.rate)
    if isinstance(metric, Retention):
        key = _held(project.models[metric.model], metric.entity)
        yield from _read(project, here, metric.model, key, metric.filter, metric.agg_time_dimension)
    if isinstance(metric, Conversion):
        same = metric.constant_properties
        sides = ([one.base_property for one in same], [one.conversion_property for one in same])
        for used, properties in zip(metric.inputs, sides, strict=True):
            for name in sorted(project.models_of(used.name)):
                model = project.models[name]
                yield from _read(project, here, name, *(_held(model, one) for one in (metric.entity, *properties)))


def _held(model: Model, name: str) -> str:
    """An entity, a dimension or a column of a model as SQL."""
    named = model.entity(name) or model.dimension(name)
    return (named.expr if named else None) or exp.column(name, quoted=True).sql(dialect="duckdb")


def _read(project: Project, here: End, model: str, *written: str | None) -> Iterator[Edge]:
    """The columns of a model that expressions name, and what they look up elsewhere."""
    noun = project.models[model]
    columns = [name for name in _columns_named(*written) if name is None or not may_be_joined(noun, name)]
    for column in columns or [None]:
        yield Edge(here, End("model", model), column)
    yield from _looked_up(project, here, model, *written)


def _looked_up(project: Project, here: End, model: str, *written: str | None) -> Iterator[Edge]:
    """The models that dimensions of other models come from, and the metrics that conditions ask for."""
    noun = project.models[model]
    for tree in (parse_one(text, dialect="duckdb") for text in written if text):
        for column in tree.find_all(exp.Column):
            if may_be_joined(noun, column.name):
                yield from _joined(project, here, model, column.name)
        for call in tree.find_all(exp.Anonymous):
            if is_call(call):
                yield Edge(here, End("metric", asked_by(call).metric))


def _joined(project: Project, here: End, model: str, dimension: str) -> Iterator[Edge]:
    """The models on the way to a dimension, and the column that it is at the end."""
    found = find_dimension(project.models, project.models[model], dimension)
    for step in found.steps[:-1]:
        yield Edge(here, End("model", step.model.name), step.key.name)
    yield Edge(here, End("model", found.steps[-1].model.name if found.steps else model), found.dimension.name)


def _times_of_stock(metric: Simple) -> tuple[str, ...]:
    """The time columns that say when a row of a stock counts."""
    lasts = (metric.active.from_, metric.active.to) if metric.active else ()
    return (*lasts, metric.non_additive_dimension.name) if metric.non_additive_dimension else lasts


def _columns_named(*written: str | None) -> tuple[str | None, ...]:
    """The columns that some expressions name; a single None where they name none."""
    trees = [parse_one(text, dialect="duckdb") for text in written if text]
    return tuple(dict.fromkeys(column.name for tree in trees for column in tree.find_all(exp.Column))) or (None,)


def _kpi_edges(project: Project) -> Iterator[Edge]:
    for kpi in project.kpis.values():
        here = End("kpi", kpi.name)
        yield Edge(here, End("metric", kpi.metric))
        if kpi.target and kpi.target.table:
            yield Edge(here, End("model" if kpi.target.table in project.models else "source", kpi.target.table))
        for share in kpi.serves:
            yield Edge(End("goal", share.goal), here)
        named = dict.fromkeys(name for breakdown in kpi.breakdowns for name in breakdown)
        for dimension in without_age(named):
            for model in sorted(project.models_of(kpi.metric)):
                if project.models[model].dimension(dimension) is None:
                    yield from _joined(project, here, model, dimension)


def _goal_edges(project: Project) -> Iterator[Edge]:
    for goal in project.goals.values():
        if goal.parent:
            yield Edge(End("goal", goal.parent), End("goal", goal.name))
