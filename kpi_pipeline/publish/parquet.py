"""The published tables as Parquet: a folder a run, and a small file that names the latest one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from kpi_pipeline.errors import InternalError, StorageError
from kpi_pipeline.files import BUILDING, building, put_in_place, remove, sync
from kpi_pipeline.publish.contract import SCHEMA_VERSION, TABLES
from kpi_pipeline.publish.kept import Keeping

LATEST = "latest"
"""The file whose text is the name of the folder to read."""

LAST_THREE = Keeping(3)
"""What stays unless the settings say otherwise; a reader of the last one can finish."""


def write_parquet(tables: Mapping[str, pl.DataFrame], folder: Path, run_id: str, keeping: Keeping = LAST_THREE) -> Path:
    """Writes every table to `folder/<run_id>/<table>.parquet`, whole or not at all, and points `latest` at them.

    A run writes its folder once: what is there is complete, so that a run that is finished after a crash keeps it.

    Raises:
        StorageError: the folder cannot be written; what was published before is untouched.
    """
    if not run_id or Path(run_id).name != run_id or run_id == LATEST or run_id.startswith("."):
        raise InternalError(f"'{run_id}' is not fit to be the name of a folder")
    target = folder / run_id
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _clear(folder)
        if not target.exists():
            _write_folder(tables, target)
        _point_at(target)
        for old in keeping.outdated(path.parent for path in folder.glob("*/snapshot.parquet")):
            if old != target:
                remove(old)
    except OSError as problem:
        raise StorageError(
            f"The tables could not be published to {target}: {problem}\n"
            "Hint: is the disk full, or the folder read-only? What was published before is untouched."
        ) from problem
    return target


def _write_folder(tables: Mapping[str, pl.DataFrame], target: Path) -> None:
    built = building(target)
    built.mkdir()
    try:
        for table in TABLES:
            file = built / f"{table.name}.parquet"
            words = {"comment": table.comment, "schema_version": str(SCHEMA_VERSION)}
            tables[table.name].write_parquet(file, metadata=words)
            sync(file)
        put_in_place(built, target)
    finally:
        remove(built)


def _point_at(target: Path) -> None:
    pointer = target.with_name(LATEST)
    built = building(pointer)
    built.write_text(target.name + "\n", encoding="utf-8")
    put_in_place(built, pointer)


def _clear(folder: Path) -> None:
    """Removes what a killed run left of any folder, or of the pointer."""
    for left in folder.glob(f".*{BUILDING}"):
        remove(left)
