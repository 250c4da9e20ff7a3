"""Files swapped every few milliseconds under readers that connect: renamed over one another, and behind a link."""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from kpi_pipeline.files import building, of_run, point_at

ROWS = 50_000
FILES = 6
KEPT = 300
"""How many files behind earlier links stay; nobody is this slow between following a link and opening what it names."""


@dataclass
class Seen:
    """What readers met."""

    opened: int = 0
    others: int = 0
    """How often a reader saw another file than the one before."""
    swaps: int = 0
    faults: Counter[str] = field(default_factory=Counter)


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=float, default=20, help="how long each way is tried")
    parser.add_argument("--readers", type=int, default=2, help="how many threads connect, read and close")
    parser.add_argument("--pause", type=float, default=0.005, help="seconds between two swaps")


def main(asked: argparse.Namespace) -> int:
    """Prints what was met either way; 1 if a reader behind a link met a fault."""
    print(f"DuckDB {duckdb.__version__}, {asked.readers} readers, {asked.seconds:g} s each way")
    found = {}
    for name, swap in (("renamed", renamed), ("behind a link", linked)):
        found[name] = seen = tried(swap, seconds=asked.seconds, readers=asked.readers, pause=asked.pause)
        print(f"{name}: {seen.swaps} swaps, {seen.opened} opened, {seen.others} times another file")
        for fault, times in seen.faults.most_common():
            print(f"    {times} x {fault}")
    return int(bool(found["behind a link"].faults))


def renamed(target: Path, built: Path, _number: int) -> None:
    built.replace(target)


def linked(target: Path, built: Path, number: int) -> None:
    own = of_run(target, str(number))
    built.replace(own)
    point_at(target, own)
    of_run(target, str(number - KEPT)).unlink(missing_ok=True)


def tried(swap: Callable[[Path, Path, int], None], *, seconds: float, readers: int, pause: float) -> Seen:
    """Swaps files of several sizes under readers in threads of this process."""
    seen, draw = Seen(), random.Random(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sources = [_made(folder / f"source-{size}.duckdb", size) for size in range(1, FILES + 1)]
        target, until = folder / "kpi.duckdb", time.monotonic() + seconds
        shutil.copyfile(sources[0], target)
        with _reading(target, until, readers, seen):
            while time.monotonic() < until:
                built = building(target)
                shutil.copyfile(draw.choice(sources), built)
                seen.swaps += 1
                swap(target, built, seen.swaps)
                time.sleep(pause)
    return seen


@contextmanager
def _reading(target: Path, until: float, readers: int, seen: Seen) -> Iterator[None]:
    threads = [threading.Thread(target=_read, args=(target, until, seen)) for _ in range(readers)]
    for one in threads:
        one.start()
    yield
    for one in threads:
        one.join()


def _read(target: Path, until: float, seen: Seen) -> None:
    before = 0
    while time.monotonic() < until:
        try:
            with duckdb.connect(str(target), read_only=True) as reader:
                size = reader.execute("SELECT size FROM snapshot").fetchall()[0][0]
                count = reader.execute("SELECT count(*), sum(amount) FROM facts").fetchall()[0][0]
        except duckdb.Error as problem:
            seen.faults[str(problem).replace(str(target.parent), "")[:110]] += 1
            continue
        seen.opened += 1
        seen.others += size != before
        before = size
        if count != size * ROWS:
            seen.faults["rows of another file"] += 1


def _made(path: Path, size: int) -> Path:
    with duckdb.connect(str(path)) as file:
        file.execute(f"CREATE TABLE snapshot AS SELECT {size} AS size").complete()
        file.execute(
            f"CREATE TABLE facts AS SELECT range AS id, random() AS amount FROM range({size * ROWS})"
        ).complete()
    return path
