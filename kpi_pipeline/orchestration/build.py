"""A project as Dagster definitions."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from kpi_pipeline.errors import DefinitionError
from kpi_pipeline.load import load
from kpi_pipeline.orchestration.assets import project_assets
from kpi_pipeline.orchestration.automation import refuse_bad_cron, schedules, sensors
from kpi_pipeline.orchestration.telling import telling_sensors
from kpi_pipeline.project import Project


def definitions_at(folder: Path) -> dg.Definitions:
    """The Dagster definitions of the project whose YAML lies in a folder.

    Raises:
        dagster.DagsterInvalidDefinitionError: the YAML is wrong; it lists every problem with file and line.
    """
    try:
        project = load(folder)
        refuse_bad_cron(project)
    except DefinitionError as problem:
        raise dg.DagsterInvalidDefinitionError(f"\n\n{problem}") from None
    return definitions_of(project)


def definitions_of(project: Project) -> dg.Definitions:
    """The assets and checks of a project, and what runs them by itself."""
    assets = project_assets(project)
    return dg.Definitions(
        assets=[assets],
        schedules=schedules(project, assets),
        sensors=[*sensors(project, assets), *telling_sensors(project)],
    )
