"""Readers of the published file and folder while runs replace them: no error, no torn read, no wait that we cause.

Processes open the file again and again and ask it several things, as dashboards do; others read the Parquet folder by
its pointer; one keeps the file open through several publishes. Half of the runs publish where they read, the other half
to a copy of the project beside it, in turn: the machine is as busy, but what they read stays as it is. So what differs
between the two halves is what publishing does to readers.

A machine with fewer cores than processes lets everybody wait for a core. That is not a wait that we cause, so of each
answer three times are taken: from the clock, what the processor worked, and what it was waited for (Linux tells both);
the rest is the wait for a lock or for the disk.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from tests import processes
from tests.project import SALES_HEADER, Shop, csv

IN_TURN = 5
"""How many runs publish in the one place before it is the other's turn."""

PAUSE = 0.3
"""Seconds between two looks of a reader: as often as a person in a hurry clicks."""

ALLOWED_MS = 100
WEEKLY = "SELECT sum(value) FROM {} WHERE grain = 'week' AND segment = 'all' AND {} = '{}'"
WEEKLY_IN_FILE = WEEKLY.format("read_parquet(?)", "kpi", "weekly_revenue")
LATEST = """\
SELECT count(*) FROM kpi_latest AS latest
LEFT JOIN kpi_value AS value USING (kpi, grain, breakdown, segment, period_start)
WHERE value.value IS DISTINCT FROM latest.value
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """What may be asked."""
    parser.add_argument("--readers", type=int, default=8)
    parser.add_argument("--publishes", type=int, default=100)
    parser.add_argument("--folder", type=Path, default=None, help="where to work; the system's folder by default")


def main(asked: argparse.Namespace) -> int:
    """Lets them read, and says how they fared."""
    with tempfile.TemporaryDirectory(dir=asked.folder, prefix="readers-") as folder:
        found = tried(Path(folder), readers=asked.readers, publishes=asked.publishes)
    print("\n".join(found.lines()))
    return 1 if found.problems or found.longest_wait > ALLOWED_MS else 0


@dataclass(frozen=True)
class Found:
    """How readers fared: what went wrong, and each thing they did with the times it took."""

    publishes: int
    problems: list[str]
    runs_seen: int
    took: pl.DataFrame
    """who, what, in_place (whether publishes went to where they read), wall_ms, waited_ms."""

    @property
    def longest_wait(self) -> float:
        """The longest that anybody waited, for anything but a core, while it was published where they read."""
        return max(self.took.filter("in_place").get_column("waited_ms"), default=0.0)

    def lines(self) -> Iterator[str]:
        """A table for people."""
        yield f"{self.publishes} publishes, {self.took.height:,} things asked, {self.runs_seen} runs seen"
        yield f"{'':<34}{'times':>8}{'clock, median':>15}{'99 %':>9}{'waits, median':>15}{'99 %':>9}{'longest':>9}"
        for rows in self.took.sort("what", "in_place").partition_by("what", "in_place", maintain_order=True):
            name = f"{rows['what'][0]}, {'published' if rows['in_place'][0] else 'published elsewhere'}"
            yield (
                f"{name:<34}{rows.height:>8,}{_at(rows, 'wall_ms', 0.5):>12.1f} ms{_at(rows, 'wall_ms', 0.99):>6.1f} ms"
                f"{_at(rows, 'waited_ms', 0.5):>12.2f} ms{_at(rows, 'waited_ms', 0.99):>6.2f} ms"
                f"{_at(rows, 'waited_ms', 1):>6.1f} ms"
            )
        yield from self.problems or ["no error, no torn read"]


def _at(rows: pl.DataFrame, column: str, share: float) -> float:
    return float(rows.select(pl.col(column).quantile(share)).item())


def tried(folder: Path, *, readers: int, publishes: int) -> Found:
    """Lets readers look while runs publish, and says what they found."""
    here, elsewhere = Shop.opened_in(folder / "here"), folder / "elsewhere"
    here.run()
    shutil.copytree(here.root, elsewhere)
    published = {here.ask("SELECT run_id FROM snapshot").item(): _sum(here.values("weekly_revenue").values())}
    stop, found = folder / "stop", [folder / f"found-{number}.json" for number in range(readers + 2)]
    looks = [read_file] * readers + [read_folder, hold_file]
    looking = [processes.start(look, here.root, stop, one) for look, one in zip(looks, found, strict=True)]
    spans = []
    try:
        for number in range(0, publishes, IN_TURN):
            for shop in (here, Shop(elsewhere)):
                began = time.monotonic_ns()
                for sale in range(number, min(number + IN_TURN, publishes)):
                    run_id, revenue = _publish(shop, sale)
                    if shop is here:
                        published[run_id] = revenue
                spans.append((began, time.monotonic_ns(), shop is here))
    finally:
        stop.touch()
    codes = [processes.ended(one) for one in looking]
    told = [json.loads(one.read_text(encoding="utf-8")) for one in found if one.exists()]
    problems = [f"a reader ended with {code}" for code in codes if code]
    problems += [problem for one in told for problem in one["problems"]]
    seen = {(run_id, revenue) for one in told for run_id, revenue in one["seen"]}
    problems += [
        f"run {run_id} was seen with {revenue}, it published {published.get(run_id)}"
        for run_id, revenue in seen
        if published.get(run_id) != revenue
    ]
    took = pl.concat([pl.DataFrame(one["took"], schema=TOOK, orient="row") for one in told])
    during = [pl.col("at").is_between(first, last) for first, last, in_place in spans if in_place]
    return Found(publishes, problems, len(seen), took.with_columns(in_place=pl.any_horizontal(during)))


TOOK = {"what": pl.String, "at": pl.Int64, "wall_ms": pl.Float64, "waited_ms": pl.Float64}


def _sum(values: Iterable[float | None]) -> float:
    return sum(value or 0 for value in values)


def _publish(shop: Shop, number: int) -> tuple[str, float]:
    """A run that has something to publish: which, and the revenue of all weeks."""
    sale = f"J{number},c1,2024-03-05 10:00:00,France,{number + 1},100.00"
    shop.write("data/sales/second.csv", csv(SALES_HEADER, [sale]))
    report = shop.run()
    return report.run_id, float(report.kpi_values.filter(kpi="weekly_revenue", segment="all")["value"].sum())


class Diary:
    """What a reader did, and how long each thing took."""

    def __init__(self) -> None:
        self._took: list[tuple[str, int, float, float]] = []
        self._seen: set[tuple[str, float]] = set()
        self._problems: list[str] = []

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Takes the time of what is done within."""
        at, before = time.monotonic_ns(), _busy_ns()
        yield
        wall = time.monotonic_ns() - at
        self._took.append((what, at, wall / 1e6, max(wall - (_busy_ns() - before), 0) / 1e6))

    def saw(self, run_id: str, revenue: float) -> None:
        """Notes what was seen of a run."""
        self._seen.add((run_id, revenue))

    def wrong(self, problem: str) -> None:
        """Notes what must not be."""
        self._problems.append(problem)

    def write(self, path: Path) -> None:
        """Leaves it for who asked for it."""
        told = {"took": self._took, "seen": sorted(self._seen), "problems": self._problems}
        path.write_text(json.dumps(told), encoding="utf-8")


def _busy_ns() -> int:
    """What the processor worked for this thread, and how long the thread waited for it."""
    worked, waited, _ = Path("/proc/thread-self/schedstat").read_text(encoding="ascii").split()
    return int(worked) + int(waited)


def read_file(root: Path, stop: Path, found: Path) -> None:
    """Opens the file again and again, and asks it one thing after the other, as a dashboard does."""
    diary = Diary()
    while not stop.exists():
        try:
            with diary.timed("open the file"):
                reader = duckdb.connect(str(Shop(root).published), read_only=True, config={"threads": 1})
            with reader:
                _look(reader, diary)
        except duckdb.Error as problem:
            diary.wrong(f"a reader of the file got: {problem}")
        time.sleep(PAUSE)
    diary.write(found)


def _look(reader: duckdb.DuckDBPyConnection, diary: Diary) -> None:
    """Several questions to one snapshot, whose answers must fit together."""

    def asked(query: str) -> object:
        with diary.timed("ask the file"):
            [(answer,)] = reader.execute(query).fetchall()
        return answer

    run_id = asked("SELECT run_id FROM snapshot")
    revenue = asked(WEEKLY.format("kpi_value", "kpi", "weekly_revenue"))
    time.sleep(0.02)
    metric = asked(WEEKLY.format("metric_value", "metric", "revenue"))
    others = asked(LATEST)
    newest = asked("SELECT max_by(run_id, started_at) FROM run WHERE status = 'published'")
    if not isinstance(revenue, float) or (revenue, others, newest) != (metric, 0, run_id):
        diary.wrong(f"torn: {run_id} with {revenue}, {metric}, {others} and the runs to {newest}")
        return
    diary.saw(str(run_id), revenue)


def read_folder(root: Path, stop: Path, found: Path) -> None:
    """Reads the folder that the pointer names."""
    diary, folder = Diary(), root / "out" / "parquet"
    reader = duckdb.connect(config={"threads": 1})
    while not stop.exists():
        try:
            with diary.timed("read Parquet"):
                latest = folder / (folder / "latest").read_text(encoding="utf-8").strip()
                [(run_id,)] = reader.execute("SELECT run_id FROM read_parquet(?)", [_in(latest, "snapshot")]).fetchall()
                [(revenue,)] = reader.execute(WEEKLY_IN_FILE, [_in(latest, "kpi_value")]).fetchall()
            if run_id != latest.name:
                diary.wrong(f"torn: the folder {latest.name} has the tables of {run_id}")
            diary.saw(run_id, revenue)
        except (OSError, duckdb.Error) as problem:
            diary.wrong(f"a reader of Parquet got: {problem}")
        time.sleep(PAUSE)
    diary.write(found)


def _in(folder: Path, table: str) -> str:
    return str(folder / f"{table}.parquet")


def hold_file(root: Path, stop: Path, found: Path) -> None:
    """Keeps the file open for seconds: what it says must not change."""
    diary = Diary()
    while not stop.exists():
        with duckdb.connect(str(Shop(root).published), read_only=True, config={"threads": 1}) as reader:
            first = reader.execute("SELECT run_id FROM snapshot").fetchall()
            until = time.monotonic() + 10
            while time.monotonic() < until and not stop.exists():
                _look(reader, diary)
                time.sleep(0.5)
            if reader.execute("SELECT run_id FROM snapshot").fetchall() != first:
                diary.wrong("an open file changed")
    diary.write(found)
