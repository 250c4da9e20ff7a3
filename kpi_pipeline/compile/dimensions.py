"""Columns that reductions need beside a model's own: dimensions of other models, periods and parts of times."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

import sqlglot
from sqlglot import expressions as exp

from kpi_pipeline.compile.currency import rate_of
from kpi_pipeline.compile.models import plan_model, quoted_column
from kpi_pipeline.dimensions import Found, UnknownDimension, find_dimension, may_be_joined, own_expression
from kpi_pipeline.errors import DefinitionError, Problem
from kpi_pipeline.grouped import Asked
from kpi_pipeline.models import EntityType, Model
from kpi_pipeline.plan import Hop, Joined, JoinedColumn, Node, Reduction, leaves
from kpi_pipeline.plan.rates import is_rate
from kpi_pipeline.project import Project


def with_joins(project: Project, reduction: Reduction) -> Reduction:
    """The reduction with the columns that its dimensions, filters and conditions name beside those of its model."""
    expressions = [text for one in reduction.measures for text in (one.expr, one.filter)]
    written = frozenset[str]().union(*map(columns_of, expressions))
    asked = columns_of(reduction.where).union(reduction.dimensions)
    model = project.models[reduction.model]
    own = tuple(one for name in sorted(written) if (one := _own(model, name)))
    return replace(reduction, joined=(*own, *_from_elsewhere(project, model, asked | written, time=reduction.time)))


def joined_of(project: Project, model: Model, names: Iterable[str], *, time: str) -> tuple[Joined, ...]:
    """The columns that rows of a model get for what its expressions name and its table may not have."""
    own = (_own(model, name) for name in sorted(names))
    return (*(one for one in own if one), *_from_elsewhere(project, model, names, time=time))


def _from_elsewhere(project: Project, model: Model, names: Iterable[str], *, time: str) -> tuple[Joined, ...]:
    found = (_joined(project, model, name, time) for name in sorted(names))
    return tuple(one for one in found if one)


def _own(model: Model, name: str) -> JoinedColumn | None:
    """The column for a dimension of the model that is computed; one that its table has comes first."""
    found = own_expression(model, name)
    return JoinedColumn(name, (), name) if found else None


def looked_up_by(project: Project, node: Node) -> tuple[Joined, ...]:
    """What the formula of a metric looks up for the rows it is computed from."""
    found: dict[str, Joined] = {}
    for leaf in leaves(node):
        one = leaf.measure
        named = columns_of(one.expr) | columns_of(one.filter)
        for joined in joined_of(project, project.models[one.model], named, time=one.time):
            found.setdefault(joined.fingerprint, joined)
    return tuple(found.values())


def _joined(project: Project, model: Model, name: str, time: str) -> Joined | None:
    if asked := Asked.of_column(name):
        # NOTE: a filter may ask for a metric, which has a formula with filters: the two modules need each other.
        from kpi_pipeline.compile.grouped import grouped_metric

        return grouped_metric(project, model, asked)
    if is_rate(name):
        return rate_of(project, model)
    return joined_column(project, model, name, time=time) if may_be_joined(model, name) else None


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
        here_to = f"{step.entity.name} in {step.model.name}"
        path = f"{before}, {here_to}" if before else here_to
        validity = step.model.validity if step.key.type is EntityType.natural else None
        hops.append(
            Hop(
                path,
                before,
                step.entity.name,
                plan_model(project, step.model),
                key_of(here, step.entity.name),
                key_of(step.model, step.key.name),
                (validity[0].name, validity[1].name) if validity else None,
            )
        )
        here = step.model
    return tuple(hops)


def key_of(model: Model, entity: str) -> str:
    """The key of an entity as SQL over the model's columns."""
    one = next(one for one in model.entities if one.name == entity)
    return one.expr or quoted_column(one.name)
