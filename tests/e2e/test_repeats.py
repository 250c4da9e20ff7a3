"""The same rows give the same published tables, whatever their order, their files, the processors, the runs."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from kpi_pipeline.pipeline.content_hashes import content_hashes, main
from reliability import repeats
from reliability.repeats import WAYS, at_once, readings

pytestmark = pytest.mark.xdist_group("repeats")


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> repeats.Hashes:
    root = tmp_path_factory.mktemp("once")
    at_once(root, readings(1, 20_000), random.Random(1))
    return content_hashes(root / "out" / "kpi.duckdb")


@pytest.mark.parametrize("way", [one for one in WAYS if one != "at once"])
def test_same_rows_same_tables(tmp_path: Path, expected: repeats.Hashes, way: str) -> None:
    WAYS[way](tmp_path, readings(1, 20_000), random.Random(7))
    assert content_hashes(tmp_path / "out" / "kpi.duckdb") == expected


def test_fingerprints_are_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["content_hashes"])
    assert main() == 2
    assert "Say which file" in capsys.readouterr().err
    monkeypatch.setattr("sys.argv", ["content_hashes", str(tmp_path / "none.duckdb")])
    assert main() == 1
    assert "Nothing was published yet" in capsys.readouterr().err
