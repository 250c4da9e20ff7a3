"""Where the project is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kpi_pipeline.errors import DefinitionError, Problem

if TYPE_CHECKING:
    from kpi_pipeline.api import LoadedProject


def find_definitions(asked: Path) -> Path:
    """The definitions folder: the one asked for, the one in it, or the nearest one upwards."""
    here = asked.resolve()
    if here.name == "definitions" and here.is_dir():
        return here
    for folder in (here, *here.parents) if asked == Path() else (here,):
        if (folder / "definitions").is_dir():
            return folder / "definitions"
    raise DefinitionError(
        [
            Problem(
                f"There is no folder definitions/ in {here}.",
                hint="go to a project's folder, name it with --project, or start one: kpi init DIR --from FILE",
            )
        ]
    )


def open_project(asked: Path) -> LoadedProject:
    """The project, loaded; its definitions' errors are raised."""
    from kpi_pipeline import load_project

    return load_project(find_definitions(asked))
