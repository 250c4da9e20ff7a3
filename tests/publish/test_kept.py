"""Earlier snapshots stay by a rule: the newest so many, and all that are not much older than the latest."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kpi_pipeline.errors import StorageError
from kpi_pipeline.periods import Window
from kpi_pipeline.publish import Keeping, keep_snapshot, kept_snapshots


def publish(folder: Path, day: int) -> tuple[Path, str]:
    """A file put in the place of the one before, as a run does it, on a day of March at noon."""
    built, target = folder / "built", folder / "kpi.duckdb"
    built.write_text(f"of day {day}")
    moment = datetime(2024, 3, day, 12, tzinfo=UTC).timestamp()
    os.utime(built, (moment, moment))
    built.replace(target)
    return target, f"202403{day:02}T120000-abcdef"


@pytest.mark.parametrize(
    ("keeping", "days"),
    [
        (Keeping(2), [8, 9]),
        (Keeping(3), [4, 8, 9]),
        (Keeping(2, Window.parse("5 days")), [4, 8, 9]),
        (Keeping(2, Window.parse("1 day")), [8, 9]),
        (Keeping(4, Window.parse("1 day")), [2, 4, 8, 9]),
        (Keeping(2, Window.parse("1 month")), [1, 2, 4, 8, 9]),
    ],
)
def test_the_newest_and_the_young_stay(tmp_path: Path, keeping: Keeping, days: list[int]) -> None:
    for name in ("kpi-notes.duckdb", "kpi-20240301T120000-abcdef.txt", "other-20240301T120000-abcdef.duckdb"):
        (tmp_path / name).touch()
    for day in (1, 2, 4, 8, 9):
        target, run_id = publish(tmp_path, day)
        kept = keep_snapshot(target, run_id, keeping)
        assert kept.samefile(target), "the latest has two names and takes no more room"
    assert sorted(path.read_text() for path in kept_snapshots(target)) == [f"of day {day}" for day in days]
    assert len(list(tmp_path.iterdir())) == len(days) + 4, "what has another name is nobody's to remove"


def test_a_copy_where_a_file_can_have_one_name_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("no second names on this disk")

    monkeypatch.setattr(os, "link", refuse)
    target, run_id = publish(tmp_path, 1)
    kept = keep_snapshot(target, run_id, Keeping(2))
    assert kept.read_text() == "of day 1"
    assert not kept.samefile(target)
    assert {path.name for path in tmp_path.iterdir()} == {target.name, kept.name}

    monkeypatch.setattr("shutil.copyfile", refuse)
    with pytest.raises(StorageError, match="cannot be written"):
        keep_snapshot(target, "20240302T120000-abcdef", Keeping(2))
