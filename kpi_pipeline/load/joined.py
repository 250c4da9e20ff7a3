"""What a metric's expressions name beyond their model's columns: dimensions of other models, metrics of an entity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot import exp

from kpi_pipeline.dimensions import UnknownDimension, find_dimension, may_be_joined
from kpi_pipeline.errors import Problem
from kpi_pipeline.grouped import asked_by, is_call, refuse_grouping
from kpi_pipeline.load.fault import Fault
from kpi_pipeline.load.sites import Site, row_expressions
from kpi_pipeline.load.sql import SqlError, columns_used, expression, position
from kpi_pipeline.models import Model
from kpi_pipeline.project import Project


def unreachable_dimensions(project: Project) -> Iterator[Problem]:
    """A problem for each dimension of another model, period, part or metric that an expression cannot have."""
    for site in row_expressions(project):
        if site.kind != "metrics":
            continue
        try:
            tree = expression(site.text)
        except SqlError:
            continue
        models = [project.models[table.name] for table in site.tables if table.name in project.models]
        for model in models:
            for column in columns_used(tree):
                if may_be_joined(model, column.name):
                    yield from _unreachable(project, site, model, column)
        for call in tree.find_all(exp.Anonymous):
            if is_call(call):
                yield from _not_grouped(project, site, models, call)


def _unreachable(project: Project, site: Site, model: Model, column: exp.Column) -> Iterator[Problem]:
    try:
        find_dimension(project.models, model, column.name)
    except UnknownDimension as unknown:
        said = f"uses '{column.name}': {unknown.message}"
        yield site.problem(project, Fault(said, *position(column, site.text), unknown.hint))


def _not_grouped(project: Project, site: Site, models: Sequence[Model], call: exp.Anonymous) -> Iterator[Problem]:
    try:
        asked = asked_by(call)
        for model in models:
            refuse_grouping(project, model, asked)
    except UnknownDimension as unknown:
        yield site.problem(project, Fault(f"asks for a metric: {unknown.message}", 1, 1, unknown.hint))
