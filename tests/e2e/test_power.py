"""The model of a disk that loses power: what was synced stays, what was not may be lost in any part."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from reliability.disk import BLOCK, Asked, Disk, read_trace

ROOT = Path("/work")
FILE = str(ROOT / "file")
OLD, NEW = b"o" * 3 * BLOCK, b"n" * 3 * BLOCK


def left(disk: Disk, times: int = 200) -> set[tuple[tuple[str, bytes], ...]]:
    """Everything that a loss of power leaves, of so many."""
    chance = random.Random(1)
    return {tuple(disk.survives(chance)) for _ in range(times)}


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    (tmp_path / "file").write_bytes(OLD)
    return Disk.of(tmp_path, ROOT)


def test_what_was_not_synced_may_be_lost_block_by_block(disk: Disk) -> None:
    disk.do(Asked("pwrite64", (FILE,), NEW, 0))
    contents = {content for [(_, content)] in left(disk)}
    assert len(contents) == 8
    assert {OLD, NEW} <= contents
    disk.do(Asked("sync", (FILE,)))
    assert left(disk) == {(("file", NEW),)}


def test_names_are_lost_in_order(disk: Disk) -> None:
    draft = str(ROOT / "draft")
    for asked in (
        Asked("open", (draft,), flags="O_CREAT"),
        Asked("write", (draft,), NEW),
        Asked("sync", (draft,)),
        Asked("rename", (draft, FILE)),
    ):
        disk.do(asked)
    assert left(disk) == {(("draft", NEW), ("file", OLD)), (("file", NEW),)}


def test_rename_without_sync_may_leave_an_empty_file(disk: Disk) -> None:
    draft = str(ROOT / "draft")
    for asked in (
        Asked("open", (draft,), flags="O_CREAT"),
        Asked("write", (draft,), NEW),
        Asked("rename", (draft, FILE)),
    ):
        disk.do(asked)
    assert (("file", b""),) in left(disk)


def test_trace_is_read(tmp_path: Path) -> None:
    shutil.copyfile(Path(__file__).with_name("trace.txt"), tmp_path / "trace.1")
    calls = read_trace(tmp_path / "trace")
    assert [(one.call, one.paths, one.content, one.at) for one in calls] == [
        ("open", ("/w/a",), b"", None),
        ("write", ("/w/a",), b"hello", None),
        ("pwrite64", ("/w/b",), b'xy"', 4096),
        ("ftruncate", ("/w/b",), b"", 9000),
        ("sync", ("/w/b",), b"", None),
        ("copy", ("/w/c", "/w/b"), b"\0" * 9, 0),
        ("rename", ("/w/c", "/w/e"), b"", None),
        ("unlink", ("/w/a",), b"", None),
    ]
