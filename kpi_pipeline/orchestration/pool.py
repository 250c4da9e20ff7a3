"""Who waits for whom: the runs of projects that share a warehouse, and no others."""

from __future__ import annotations

from urllib.parse import quote

from kpi_pipeline.project import Project


def pool_of(project: Project) -> str:
    """The pool of a project's runs, called after the warehouse they write to: a file has one writer.

    The pool's limit is 1 in dagster.yaml. The path is as the process sees it that holds the definitions.
    """
    warehouse = project.path(project.settings.warehouse).resolve()
    return quote(warehouse.as_posix().lstrip("/"))
