"""Folders of Parquet files, and the pointer to the latest."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from kpi_pipeline.errors import InternalError, StorageError
from kpi_pipeline.publish.contract import TABLES
from kpi_pipeline.publish.parquet import write_parquet

if TYPE_CHECKING:
    from tests.publish.conftest import Shop


def latest(folder: Path) -> str:
    return (folder / "latest").read_text(encoding="utf-8").strip()


def test_every_table_becomes_a_file_that_says_what_it_is(shop: Shop, tmp_path: Path) -> None:
    tables = shop.tables()
    written = write_parquet(tables, tmp_path / "parquet", "run-1")

    assert written == tmp_path / "parquet" / latest(tmp_path / "parquet")
    assert {path.stem for path in written.iterdir()} == {table.name for table in TABLES}
    for table in TABLES:
        file = written / f"{table.name}.parquet"
        assert pl.read_parquet(file).equals(tables[table.name])
        assert pl.read_parquet_schema(file) == table.schema
        assert pl.read_parquet_metadata(file)["comment"] == table.comment


def test_the_last_three_stay(shop: Shop, tmp_path: Path) -> None:
    for run in ("b", "a", "d", "c"):
        path = write_parquet(shop.tables(run), tmp_path, run)
        os.utime(path, ns=(0, "badc".index(run) * 10**9))

    assert {path.name for path in tmp_path.iterdir()} == {"a", "d", "c", "latest"}
    assert latest(tmp_path) == "c"


def test_a_run_finished_after_a_crash_keeps_its_folder_and_clears_up(shop: Shop, tmp_path: Path) -> None:
    write_parquet(shop.tables(), tmp_path, "run-1")
    (tmp_path / "latest").unlink()
    (tmp_path / ".run-2.1-a.tmp").mkdir()
    (tmp_path / ".run-2.1-a.tmp" / "kpi.parquet").touch()
    (tmp_path / "notes").mkdir()
    write_parquet(shop.tables(), tmp_path, "run-1")

    assert {path.name for path in tmp_path.iterdir()} == {"run-1", "latest", "notes"}
    assert latest(tmp_path) == "run-1"


def test_a_folder_that_cannot_be_made(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "parquet").touch()
    with pytest.raises(StorageError, match="could not be published to"):
        write_parquet(shop.tables(), tmp_path / "parquet", "run-1")


@pytest.mark.parametrize("run_id", ["../up", "latest", ".hidden", "", "a/b"])
def test_a_run_that_cannot_name_a_folder(shop: Shop, tmp_path: Path, run_id: str) -> None:
    with pytest.raises(InternalError, match="not fit to be the name of a folder"):
        write_parquet(shop.tables(), tmp_path, run_id)
