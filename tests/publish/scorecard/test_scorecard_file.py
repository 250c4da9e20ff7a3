"""Readers see a whole page or the one before it."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from kpi_pipeline.errors import StorageError
from kpi_pipeline.files import building
from kpi_pipeline.publish.scorecard import write_pages, write_scorecard

Tables = dict[str, pl.DataFrame]


def test_it_is_written_as_a_whole_and_nothing_is_left_beside_it(tables: Tables, tmp_path: Path) -> None:
    page = write_scorecard(tables, tmp_path / "published" / "scorecard", title="Giftware")
    assert page == tmp_path / "published" / "scorecard" / "index.html"
    assert page.read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert {path.name for path in page.parent.iterdir()} == {
        "evidence", "goal", "kpi", "team", "index.html", "summary.md", "evidence.html", "okr.html", "mbo.html", "focus.html",
        "balanced-scorecard.html",
    }  # fmt: skip
    assert all(path.suffix == ".html" and path.name[0] != "." for path in page.parent.glob("*/*"))


def test_the_same_tables_make_the_same_page(tables: Tables, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_scorecard(tables, tmp_path / name)
    one, two = ({path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).rglob("*.html")}
                for name in ("one", "two"))  # fmt: skip
    assert one == two


def test_only_pages_that_changed_are_written_again(tables: Tables, tmp_path: Path) -> None:
    write_scorecard(tables, tmp_path)
    before = {path: path.stat().st_ino for path in tmp_path.rglob("*.html")}
    later = tables["snapshot"].with_columns(pl.lit("another run").alias("run_id"))
    changed = pl.when((pl.col("kpi") == "backlog") & (pl.col("value") > 500)).then(1.0).otherwise("value")
    values = tables["kpi_value"].with_columns(changed.alias("value"))
    write_scorecard({**tables, "snapshot": later, "kpi_value": values}, tmp_path)
    written = {path.name for path, known in before.items() if path.stat().st_ino != known}
    assert written == {"index.html", "backlog.html", "calm_desk.html", "service.html"}


def test_pages_of_what_is_gone_are_removed(tables: Tables, tmp_path: Path) -> None:
    write_scorecard(tables, tmp_path)
    (tmp_path / "kpi" / "notes.txt").write_text("mine")
    less = {"kpi": tables["kpi"].filter(pl.col("kpi") != "training_hours"), "team_focus": tables["team_focus"].clear()}
    write_scorecard({**tables, **less}, tmp_path)
    assert not (tmp_path / "focus.html").exists() and (tmp_path / "okr.html").exists()
    assert not (tmp_path / "kpi" / "training_hours.html").exists()
    assert (tmp_path / "kpi" / "backlog.html").exists() and (tmp_path / "kpi" / "notes.txt").exists()


def test_a_page_that_cannot_be_written_leaves_the_old_one(
    tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "index.html"
    page.write_text("the page of yesterday")

    def full_disk(self: Path, data: bytes) -> int:
        self.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(StorageError, match="No space left on device"):
        write_scorecard(tables, tmp_path)
    assert page.read_text() == "the page of yesterday"
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["index.html"]


def test_a_file_where_the_folder_should_be_is_told(tables: Tables, tmp_path: Path) -> None:
    (tmp_path / "scorecard").write_text("not a folder")
    with pytest.raises(StorageError, match="could not be written"):
        write_scorecard(tables, tmp_path / "scorecard")


def test_what_a_killed_run_began_is_removed_by_the_next(tmp_path: Path) -> None:
    left = building(tmp_path / "pages") / "summary.md"
    left.parent.mkdir(parents=True)
    left.write_text("half a page")
    write_pages([("index.html", "whole"), ("kpi/a.html", "whole")], tmp_path)
    there = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert there == {"index.html", "kpi/a.html"}
