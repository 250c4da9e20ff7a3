"""Readers see a whole page or the one before it."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from kpi_pipeline.errors import StorageError
from kpi_pipeline.publish.scorecard import write_scorecard

Tables = dict[str, pl.DataFrame]


def test_it_is_written_as_a_whole_and_nothing_is_left_beside_it(tables: Tables, tmp_path: Path) -> None:
    page = write_scorecard(tables, tmp_path / "published" / "scorecard", title="Giftware")
    assert page == tmp_path / "published" / "scorecard" / "index.html"
    assert page.read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert [path.name for path in page.parent.iterdir()] == ["index.html"]


def test_the_same_tables_make_the_same_page(tables: Tables, tmp_path: Path) -> None:
    first, second = (write_scorecard(tables, tmp_path / name).read_bytes() for name in ("one", "two"))
    assert first == second


def test_a_page_that_cannot_be_written_leaves_the_old_one(
    tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "index.html"
    page.write_text("the page of yesterday")

    def full_disk(self: Path, data: str, **_: object) -> int:
        self.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full_disk)
    with pytest.raises(StorageError, match="No space left on device"):
        write_scorecard(tables, tmp_path)
    assert page.read_text() == "the page of yesterday"
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]


def test_a_file_where_the_folder_should_be_is_told(tables: Tables, tmp_path: Path) -> None:
    (tmp_path / "scorecard").write_text("not a folder")
    with pytest.raises(StorageError, match="could not be written"):
        write_scorecard(tables, tmp_path / "scorecard")
