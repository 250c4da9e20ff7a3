"""A project as Dagster definitions."""

from __future__ import annotations

import re
from pathlib import Path

import dagster as dg

from kpi_pipeline.errors import DefinitionError
from kpi_pipeline.load import load
from kpi_pipeline.names import NAME_PATTERN
from kpi_pipeline.orchestration.assets import project_assets
from kpi_pipeline.orchestration.automation import refuse_bad_cron, schedules, sensors
from kpi_pipeline.orchestration.place import Place
from kpi_pipeline.orchestration.telling import telling_sensors
from kpi_pipeline.project import Project


def definitions_at(folder: Path | str, *, prefix: str = "") -> dg.Definitions:
    """The Dagster definitions of the project whose YAML lies in a folder.

    Args:
        folder: the folder of the definition files.
        prefix: what assets, groups, jobs, schedules and sensors begin with, where another project stands beside it.

    Raises:
        dagster.DagsterInvalidDefinitionError: the prefix is no name, or the YAML is wrong; it lists every problem with
            file and line.
    """
    if prefix and not re.fullmatch(NAME_PATTERN, prefix):
        raise dg.DagsterInvalidDefinitionError(
            f"The prefix '{prefix}' is no name.\nHint: write lower-case letters, digits and _, such as shop."
        )
    try:
        project = load(Path(folder))
        refuse_bad_cron(project)
    except DefinitionError as problem:
        raise dg.DagsterInvalidDefinitionError(f"\n\n{problem}") from None
    return definitions_of(project, Place(prefix))


def definitions_of(project: Project, place: Place) -> dg.Definitions:
    """The assets and checks of a project, and what runs them by itself."""
    assets, called = project_assets(project, place), place.called(project)
    return dg.Definitions(
        assets=[assets],
        schedules=schedules(project, assets, called),
        sensors=[*sensors(project, assets, called), *telling_sensors(project, called)],
    )
