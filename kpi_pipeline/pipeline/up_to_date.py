"""Whether anything has changed that the published tables rest on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kpi_pipeline.ingest import SourceState, Staged, source_states
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.pipeline.to_postgres import is_served
from kpi_pipeline.plan import fingerprint
from kpi_pipeline.project import Project
from kpi_pipeline.publish import TABLES, project_version
from kpi_pipeline.store.runs import up_to_date_key
from kpi_pipeline.version import VERSION


def is_up_to_date(context: Context, staged: Mapping[str, Staged]) -> bool:
    """Whether nothing that the published tables rest on has changed since they were published."""
    if any(one.changed for one in staged.values()):
        return False
    known = up_to_date_key(context.warehouse)
    states = source_states(context.warehouse)
    return (
        known is not None
        and known == key_of(context, states)
        and all(path.exists() for path in already_published(context.project).values())
        and is_served(context)
    )


def key_of(context: Context, states: Mapping[str, SourceState]) -> str:
    """Names everything that the published tables rest on."""
    versions = {name: state.version for name, state in states.items() if name in context.project.sources}
    contract = repr(TABLES)
    return fingerprint(VERSION, contract, project_version(context.project), versions, context.today)


def already_published(project: Project) -> dict[str, Path]:
    """Where each form of the published tables is, or will be."""
    publish = project.settings.publish
    found = {"tables": project.path(publish.duckdb)}
    if publish.parquet:
        found["parquet"] = project.path(publish.parquet)
    if publish.scorecard:
        found["scorecard"] = project.path(publish.scorecard) / "index.html"
    return found
