"""Disks that fill up at every stage of a run, and files and folders that may not be read or written.

Each time: one message with a way out and no traceback, what was published is as it was, and the run after the disk has
room, or the rights are right, ends with the tables of an undisturbed one. The disk is one of our own, of just the size
asked for; the rights are those of a process without the privileges of root. Both need Linux and root.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reliability.arrivals import SHOP
from reliability.kills import Count, Prepared, after_the_next_run, prepare
from reliability.seen import seen_in_file, seen_in_parquet
from tests import processes

KIB = 1024
UNWRITABLE, UNREADABLE = 0o500, 0o000
ARRIVAL = "new and changed files"
STORAGE = 5
"""The exit code of a StorageError."""

ANOTHER = 65534
"""A user that we are not: nobody."""


@dataclass(frozen=True)
class Right:
    """A right that is missing: of what, and where the message must point."""

    path: str
    mode: int
    about: str
    of_another: bool = False
    codes: tuple[int, ...] = (STORAGE,)

    def __str__(self) -> str:
        whose = ", of another user" if self.of_another else ""
        return f"{self.path} with rights {self.mode:o}{whose}"


RIGHTS = (
    Right("data", UNWRITABLE, "data/warehouse.duckdb"),
    Right("data/warehouse.duckdb", 0o400, "data/warehouse.duckdb"),
    Right("data/warehouse.duckdb", 0o600, "data/warehouse.duckdb", of_another=True),
    Right("data/warehouse.duckdb", UNREADABLE, "data/warehouse.duckdb"),
    Right("data/warehouse.duckdb.lock", 0o600, "data/warehouse.duckdb", of_another=True),
    Right("out", UNWRITABLE, "out/"),
    Right("out/kpi.duckdb", UNREADABLE, "out/kpi.duckdb", codes=(0, STORAGE)),
    Right("out/parquet", UNWRITABLE, "out/parquet"),
    Right("out/scorecard", UNWRITABLE, "out/scorecard"),
    Right("out/scorecard", 0o755, "out/scorecard", of_another=True),
    Right("data/sales", UNREADABLE, "data/sales", codes=(3, STORAGE)),
    Right("data/sales/second.csv", UNREADABLE, "data/sales/second.csv", codes=(3, STORAGE)),
    Right("definitions/kpis.yaml", UNREADABLE, "definitions/kpis.yaml", codes=(2, STORAGE)),
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """What may be asked."""
    parser.add_argument("--sizes", type=int, default=40, help="how many sizes of the disk are tried")


def main(asked: argparse.Namespace) -> int:
    """Fills disks and takes rights away, and says what came of it."""
    count = Count()
    with tempfile.TemporaryDirectory(prefix="storage-") as folder:
        [one] = prepare(SHOP, Path(folder), finer=False, only=ARRIVAL)
        full_disks(one, sizes(asked.sizes), count)
        missing_rights(one, RIGHTS, count)
    for where, times in sorted(count.kills.items()):
        print(f"{where:<60}{times:>5}{count.survived[where]:>5} as promised")
    print("\n".join(count.wrong))
    return 1 if count.wrong else 0


def sizes(number: int) -> list[int]:
    """Bytes of room from next to nothing to more than a run needs, each so many times the one before."""
    least, most = 16 * KIB, 24 * KIB * KIB
    return [int(least * (most / least) ** (step / max(number - 1, 1))) for step in range(number)]


def full_disks(one: Prepared, rooms: list[int], count: Count) -> None:
    """Runs on a disk with so much room, and then with enough."""
    root = one.before.with_name("disk")
    for room in rooms:
        with _disk(root) as resize:
            project = root / "project"
            shutil.copytree(one.before, project)
            resize(sum(path.stat().st_blocks * 512 for path in root.rglob("*")) + room)
            code, said = _ran(project, processes.command)
            problems = _refusal(project, one, code, said, (0, STORAGE))
            resize(2**30)
            count.found(f"room for {_place(said) if code else 'all'}", problems + after_the_next_run(project, one))


def missing_rights(one: Prepared, rights: Iterable[Right], count: Count) -> None:
    """Runs where a right is missing, and then where it is there."""
    for right in rights:
        root = one.before.with_name("rights")
        shutil.copytree(one.before, root)
        path = root / right.path
        path.touch()
        rights_before = path.stat().st_mode
        path.chmod(right.mode)
        if right.of_another:
            os.chown(path, ANOTHER, ANOTHER)
        code, said = _ran(root, _without_privileges)
        if right.of_another:
            os.chown(path, 0, 0)
        path.chmod(rights_before)
        problems = _refusal(root, one, code, said, right.codes)
        if code and right.about not in said:
            problems.append(f"the message does not name {right.about}: {said}")
        count.found(f"{right}, ends with {code}", problems + after_the_next_run(root, one))
        shutil.rmtree(root)


def _refusal(root: Path, one: Prepared, code: int, said: str, codes: tuple[int, ...]) -> list[str]:
    """What is wrong with how a run ended that could not do its work."""
    problems = []
    if code not in codes:
        problems.append(f"it ended with {code}: {said}")
    if "Traceback" in said or (code and "Hint: " not in said):
        problems.append(f"it did not say it well: {said}")
    published = root / one.project.published
    whole = (one.seen_before, one.seen_after)
    if seen_in_file(published / "kpi.duckdb") not in whole or seen_in_parquet(published / "parquet") not in whole:
        problems.append("what was published is neither that of before nor the new")
    return problems


def _place(said: str) -> str:
    """Where a message says that something could not be written: the last part of the first path in it."""
    found = re.search(r"(data_docs|warehouse\.duckdb|kpi\.duckdb|parquet|scorecard|\S+\.csv)", said)
    return f"all but {found.group(1)}" if found else "all but what was not named"


def _ran(root: Path, command: Callable[..., None]) -> tuple[int, str]:
    said = root.with_name("said")
    run = processes.start(command, root, ["run", "--quiet"], said)
    return processes.ended(run, within=1800), said.read_text(encoding="utf-8")


def _without_privileges(root: Path, arguments: list[str], said: Path) -> None:
    """The command line as root without what lets root ignore rights; see capset(2)."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    if ctypes.CDLL(None).capset(header, (ctypes.c_uint32 * 6)()):
        raise SystemExit("the privileges cannot be laid down")
    processes.command(root, arguments, said)


@contextmanager
def _disk(root: Path) -> Iterator[Callable[[int], None]]:
    """A disk in memory, mounted, and what makes it as large as asked."""

    def resize(size: int) -> None:
        _mount("-o", f"remount,size={size}", str(root))

    root.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={2**30}", "none", str(root))
    try:
        yield resize
    finally:
        subprocess.run(["/bin/umount", str(root)], check=True)
        root.rmdir()


def _mount(*arguments: str) -> None:
    subprocess.run(["/bin/mount", *arguments], check=True)
