"""Files and folders that readers see whole or not at all."""

from __future__ import annotations

import os
import shutil
from glob import escape
from pathlib import Path

BUILDING = ".tmp"
"""The suffix of what is being built; beside its target, so that a rename moves no bytes."""


def building(target: Path) -> Path:
    """Where to build what will become the target; hidden, beside it, and never the same place twice.

    >>> building(Path("out/kpi.duckdb")).name.startswith(".kpi.duckdb.")
    True
    """
    return target.with_name(f".{target.name}.{os.getpid()}-{os.urandom(4).hex()}{BUILDING}")


def clear_leftovers(target: Path) -> None:
    """Removes what killed runs began to build for this target; only its one writer may call it."""
    for left in target.parent.glob(f".{escape(target.name)}.*{BUILDING}*"):
        remove(left)


def remove(path: Path) -> None:
    """Removes a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Waits until a file, or the names in a folder, are on the disk."""
    if os.name == "nt" and path.is_dir():
        return  # NOTE: Windows cannot open a folder; NTFS journals names by itself.
    handle = os.open(path, os.O_RDONLY if path.is_dir() or os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_all() -> None:
    """Waits until everything written so far is on the disk."""
    if os.name != "nt":
        os.sync()


def put_in_place(built: Path, target: Path) -> None:
    """Makes a finished file the target in one step, durably; who has the old one open keeps it."""
    sync(built)
    os.replace(built, target)
    sync(target.parent)


def point_at(target: Path, file: Path) -> bool:
    """Makes the target a link to a file beside it in one step, durably; False where the disk knows no links."""
    built = building(target)
    try:
        built.symlink_to(file.name)
    except (OSError, NotImplementedError):
        return False
    try:
        os.replace(built, target)
    finally:
        remove(built)
    sync(target.parent)
    return True


def of_run(target: Path, run_id: str) -> Path:
    """What a run's own file is called, beside the target that names the latest one.

    >>> of_run(Path("out/kpi.duckdb"), "20240301T060000-a1b2c3").name
    'kpi-20240301T060000-a1b2c3.duckdb'
    """
    return target.with_name(f"{target.stem}-{run_id}{target.suffix}")
