"""Columns that reductions need beside a model's own: dimensions of other models, periods and parts of times."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

import sqlglot
from sqlglot import expressions as exp

from kpi_pipeline.compile.models import plan_model
from kpi_pipeline.dimensions import SEPARATOR, Found, UnknownDimension, find_dimension, may_be_joined
from kpi_pipeline.errors import DefinitionError, Problem
from kpi_pipeline.models import EntityType, Model
from kpi_pipeline.plan import Hop, JoinedColumn, Reduction
from kpi_pipeline.project import Project


def with_joins(project: Project, reduction: Reduction) -> Reduction:
    """The reduction with the columns that its dimensions, filters and conditions name beside those of its model."""
    model = project.models[reduction.model]
    names = set(reduction.dimensions)
    for sql in (reduction.where, *(text for one in reduction.measures for text in (one.expr, one.filter))):
        names |= {name for name in columns_of(sql) if may_be_joined(model, name)}
    columns = (joined_column(project, model, name, time=reduction.time) for name in sorted(names))
    return replace(reduction, joined=tuple(one for one in columns if one))


def joined_column(project: Project, model: Model, name: str, *, time: str | None = None) -> JoinedColumn | None:
    """The column that rows of a model need for a dimension; None where it is their own."""
    try:
        found = find_dimension(project.models, model, name, time=time)
    except UnknownDimension as unknown:
        message = f"Model '{model.name}' cannot give '{name}': {unknown.message}."
        raise DefinitionError([Problem(message, project.place("models", model.name), unknown.hint)]) from None
    if found.is_own:
        return None
    return JoinedColumn(name, _hops(project, model, found), found.dimension.name, found.of_time)


@lru_cache(maxsize=4096)
def columns_of(sql: str) -> frozenset[str]:
    """The columns that an expression names."""
    if not sql:
        return frozenset()
    return frozenset(one.name for one in sqlglot.parse_one(sql, read="duckdb").find_all(exp.Column))


def models_joined(reductions: Iterable[Reduction]) -> frozenset[str]:
    """The models that reductions look something up in."""
    return frozenset(name for one in reductions for name in one.looked_up)


def _hops(project: Project, model: Model, found: Found) -> tuple[Hop, ...]:
    hops: list[Hop] = []
    here = model
    for step in found.steps:
        before = hops[-1].path if hops else ""
        path = f"{before}{SEPARATOR}{step.entity.name}" if before else step.entity.name
        validity = step.model.validity if step.key.type is EntityType.natural else None
        hops.append(
            Hop(
                path,
                before,
                plan_model(project, step.model),
                _key(here, step.entity.name),
                _key(step.model, step.key.name),
                (validity[0].name, validity[1].name) if validity else None,
            )
        )
        here = step.model
    return tuple(hops)


def _key(model: Model, entity: str) -> str:
    one = next(one for one in model.entities if one.name == entity)
    return one.expr or _quoted(one.name)


def _quoted(name: str) -> str:
    return exp.column(name, quoted=True).sql(dialect="duckdb")
