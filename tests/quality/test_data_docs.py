"""The site of pages: one page an asset, the latest, readable without any other server."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from kpi_pipeline.checks import RowCount
from kpi_pipeline.errors import StorageError
from kpi_pipeline.quality import FrameTarget, check_frames


def pages(folder: Path) -> list[Path]:
    return sorted((folder / "validations").rglob("*.html"))


def test_a_page_for_each_asset_and_an_index_of_all(checked: Any, tmp_path: Path) -> None:
    checked({"type": "not_null", "columns": ["Country"]}, docs=tmp_path)
    frame = FrameTarget("kpi/net_sales", pl.DataFrame({"value": [1.0]}), [RowCount(type="row_count", min=1)])
    check_frames([frame], as_of=datetime.now(UTC), docs=tmp_path)
    index = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "raw/orders" in index
    assert "kpi/net_sales" in index
    assert len(pages(tmp_path)) == 2
    for page in pages(tmp_path):
        assert page.relative_to(tmp_path).as_posix() in index


def test_a_later_run_takes_the_place_of_an_earlier_one(checked: Any, tmp_path: Path) -> None:
    checked({"type": "row_count", "min": 5}, docs=tmp_path)
    (earlier,) = pages(tmp_path)
    checked({"type": "row_count", "min": 4}, docs=tmp_path)
    (later,) = pages(tmp_path)
    assert earlier != later
    assert "fa-times" not in (tmp_path / "index.html").read_text(encoding="utf-8").split("<body>")[1]


def test_pages_ask_nothing_of_other_servers(checked: Any, tmp_path: Path) -> None:
    checked({"type": "row_count", "min": 5}, {"type": "matches", "column": "Country", "pattern": "^F"}, docs=tmp_path)
    for page in [tmp_path / "index.html", *pages(tmp_path)]:
        text = page.read_text(encoding="utf-8")
        assert "http" not in text
        assert "<link" not in text
        assert 'src="' not in text


def test_a_check_that_could_not_be_made_says_so_on_its_page(checked: Any, tmp_path: Path) -> None:
    checked({"type": "not_null", "columns": ["Custmer ID"]}, docs=tmp_path)
    text = pages(tmp_path)[0].read_text(encoding="utf-8")
    assert "there is no column" in text
    assert "Traceback" not in text


@pytest.mark.skipif(sys.platform == "win32", reason="a file in place of the folder")
def test_a_folder_that_cannot_be_written_is_told(checked: Any, tmp_path: Path) -> None:
    (tmp_path / "site").write_text("in the way", encoding="utf-8")
    with pytest.raises(StorageError, match="cannot be written"):
        checked({"type": "row_count", "min": 1}, docs=tmp_path / "site")
