"""Dimensions that a metric's expressions name beyond their model's columns can be reached from it."""

from __future__ import annotations

from collections.abc import Iterator

from kpi_pipeline.dimensions import UnknownDimension, find_dimension, may_be_joined
from kpi_pipeline.errors import Problem
from kpi_pipeline.load.fault import Fault
from kpi_pipeline.load.sites import row_expressions
from kpi_pipeline.load.sql import SqlError, columns_used, expression, position
from kpi_pipeline.project import Project


def unreachable_dimensions(project: Project) -> Iterator[Problem]:
    """A problem for each dimension of another model, period or part of a time that an expression cannot have."""
    for site in row_expressions(project):
        if site.kind != "metrics":
            continue
        try:
            columns = list(columns_used(expression(site.text)))
        except SqlError:
            continue
        for table in site.tables:
            model = project.models.get(table.name)
            for column in columns if model else ():
                if model is None or not may_be_joined(model, column.name):
                    continue
                try:
                    find_dimension(project.models, model, column.name)
                except UnknownDimension as unknown:
                    said = f"uses '{column.name}': {unknown.message}"
                    yield site.problem(project, Fault(said, *position(column, site.text), unknown.hint))
