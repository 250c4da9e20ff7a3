"""`kpi backup` and `kpi restore`."""

from __future__ import annotations

from pathlib import Path

from rich.text import Text

from kpi_pipeline import load_project
from kpi_pipeline.cli.project import open_project
from kpi_pipeline.cli.shown import Notes, console
from kpi_pipeline.errors import DefinitionError, counted
from kpi_pipeline.pipeline.backup import STATE, Backup, back_up, restore, restore_definitions
from kpi_pipeline.publish import project_version

FOLDER = "backups"
"""Where backups go by default, below the project's root."""


def write_backup(asked: Path, folder: Path | None, *, state_only: bool, keep: int | None, wait: float) -> None:
    """Writes a backup and says where it is."""
    project = open_project(asked).project
    place = folder if folder is not None else project.root / FOLDER
    file, made = back_up(project, place, state_only=state_only, keep=keep, wait=wait, watch=Notes())
    out = console()
    out.print(f"{file}", soft_wrap=True)
    out.print(Text(f"{_held(made)}, {file.stat().st_size / 1e6:,.1f} MB. Whoever reads it reads your rows.", "dim"))


def restore_from(asked: Path, file: Path, *, wait: float) -> None:
    """Puts a backup in the place of the warehouse, and says what to do next."""
    out, err = console(), console(stderr=True)
    try:
        project = open_project(asked).project
    except DefinitionError:
        root = asked.resolve()
        if (root / "definitions").is_dir() or root.name == "definitions":
            raise
        restore_definitions(root, file)
        out.print(f"Definitions and reviews are back in {root}.", soft_wrap=True)
        project = load_project(root / "definitions").project
    came = restore(project, file, wait=wait, watch=Notes())
    out.print(f"Restored {_held(came.backup)}, as of {came.backup.made_at}.", soft_wrap=True)
    if came.kept:
        out.print(f"What was there is now {came.kept}: remove it when all is well.", soft_wrap=True)
    if came.files_put_back:
        out.print(f"{counted(len(came.files_put_back), 'file')} of reviews put back.")
    if came.files_that_differ:
        names = ", ".join(came.files_that_differ[:5]) + (" …" if len(came.files_that_differ) > 5 else "")
        changed = " Numbers may differ." if came.backup.definition_version != project_version(project) else ""
        text = f"Not as in the backup, and left as they are: {names}.{changed}"
        err.print(Text(text, style="yellow"), soft_wrap=True)
    out.print(Text("Hint: `kpi run` now loads what came since, and publishes.", style="dim"))


def _held(backup: Backup) -> str:
    what = "the state" if backup.holds == STATE else "the warehouse"
    texts = counted(sum("/" in name for name in backup.files), "file")
    return f"{what} and {texts} of definitions and reviews of '{backup.project}'"
