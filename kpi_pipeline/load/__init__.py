"""Definition files to the project they define, every problem at its file and line; and the rules of `kpi check`."""

from __future__ import annotations

from collections.abc import Mapping

from kpi_pipeline.engines import SparkEngine
from kpi_pipeline.errors import Problem
from kpi_pipeline.load.assemble import load
from kpi_pipeline.load.rules import RULES, Finding, Known, Point, findings
from kpi_pipeline.load.schema import json_schema
from kpi_pipeline.names import TableRef
from kpi_pipeline.project import Project


def check_columns(project: Project, columns: Mapping[TableRef, Mapping[str, str]]) -> tuple[Problem, ...]:
    """A problem for each column that a definition names and its table does not have; see `load.columns`."""
    # NOTE: imported when asked, because it brings sqlglot along, which takes a quarter of a second.
    from kpi_pipeline.load import columns as second_pass

    return second_pass.check_columns(project, columns)


def check_types(project: Project, columns: Mapping[TableRef, Mapping[str, str]]) -> tuple[Problem, ...]:
    """A problem for each column that is used for what its type cannot be; see `load.column_types`."""
    from kpi_pipeline.load import column_types as second_pass

    return second_pass.check_types(project, columns)


def cluster_of(project: Project, table: TableRef) -> SparkEngine | None:
    """The cluster that has the rows of a source or model; None where they are in the warehouse."""
    from kpi_pipeline.load import lakehouse

    return lakehouse.cluster_of(project, table)


__all__ = [
    "RULES",
    "Finding",
    "Known",
    "Point",
    "check_columns",
    "check_types",
    "cluster_of",
    "findings",
    "json_schema",
    "load",
]
