"""The same project on each engine in turn: all rows, one day more, nothing new; their values are compared."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.cluster.family import Used, watched
from benchmarks.cluster.project import make_project
from benchmarks.cluster.sales import AFTER_LAST_DAY, Sales, write_day, write_sales
from benchmarks.cluster.servers import STARTS, Server
from benchmarks.measured import ROOT

ENGINES = ("duckdb", *STARTS)
RUNS = ("first", "later", "idle")
STOPPED = "stopped"
"""The status of a run that took longer than it may; what it asked until then is told."""
RELATIVE = 1e-9
FEWEST_SECONDS = 0.05
"""Questions that took less are not told one by one."""


@dataclass(frozen=True)
class Question:
    """What the cluster was asked in one go: how, what it took there, and in which words."""

    how: str
    seconds: float
    cpu_seconds: float
    read_mb: float
    what: str


@dataclass(frozen=True)
class Ran:
    """One `kpi run` as a process: of which engine, of which kind, and what it took."""

    engine: str
    run: str
    seconds: float
    status: str
    stages: Mapping[str, float]
    driver: Used
    server: Used
    crossed: Mapping[str, int] = field(default_factory=dict)
    warehouse_mb: float = 0.0
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True)
class Race:
    """All runs over so many rows, how large the lake is, and how many values were found equal."""

    rows: int
    lake_mb: float
    commit: str
    ran: tuple[Ran, ...]
    values_alike: int


def race(folder: Path, *, rows: int, engines: Iterable[str], limit: float | None) -> Iterator[Race]:
    """Runs the engines one after the other; what is known so far, after each run.

    Raises:
        RuntimeError: a run failed, or two engines published different values.
    """
    sales, lake = Sales(rows), folder / str(rows) / "lake" / "sales"
    _make_once(sales, lake)
    size = sum(file.stat().st_size for file in lake.rglob("*.parquet")) / 2**20
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip() or os.environ.get("BENCHMARK_COMMIT", "")
    ran: list[Ran] = []
    alike = 0
    for engine in engines:
        shutil.rmtree(lake / f"day={AFTER_LAST_DAY}", ignore_errors=True)
        with ExitStack() as opened:
            server = opened.enter_context(STARTS[engine](folder / engine)) if engine in STARTS else None
            root = folder / str(rows) / engine
            shutil.rmtree(root, ignore_errors=True)
            make_project(root, lake, remote=server.remote if server else None)
            for run in RUNS:
                if run == "later":
                    write_day(sales, lake, AFTER_LAST_DAY)
                one = _ran(engine, run, root, server, limit)
                ran.append(one)
                print(_line(one), flush=True)
                yield Race(rows, size, commit, tuple(ran), alike)
                if one.status == STOPPED:
                    break
            alike = _refuse_different([folder / str(rows) / one for one in ENGINES])
        yield Race(rows, size, commit, tuple(ran), alike)


def _make_once(sales: Sales, lake: Path) -> None:
    made = lake.parent / "made"
    if not made.exists():
        shutil.rmtree(lake, ignore_errors=True)
        write_sales(sales, lake)
        made.touch()


def _ran(engine: str, run: str, root: Path, server: Server | None, limit: float | None) -> Ran:
    notes, log = root / f"{run}.json", root / f"{run}.log"
    environment = {"PYTHONPATH": str(ROOT), "GX_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
    command = [sys.executable, "-m", "benchmarks.cluster.asked", str(root)]
    command += [str(notes), str(server.pid)] if server else []
    with ExitStack() as looking, log.open("wb") as told:
        there = looking.enter_context(watched(server.pid)) if server else Used()
        began = time.time()
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=told
        )
        here = looking.enter_context(watched(process.pid))
        code = None
        try:
            code = process.wait(limit)
        except subprocess.TimeoutExpired:
            pass
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
        seconds = time.time() - began
    events = [json.loads(line) for line in log.read_text("utf-8").splitlines() if line.startswith("{")]
    ended = next((one for one in events if one["event"] == "run_ended"), None)
    if code is not None and (code != 0 or ended is None):
        raise RuntimeError(f"{engine}, {run}: ended with {code}\n{log.read_text('utf-8')[-3000:]}")
    # NOTE: a stage that goes on after another one tells all its seconds again.
    stages = {one["stage"]: one["seconds"] for one in events if one["event"] == "stage_ended"}
    crossed: dict[str, int] = next((one for one in events if one["event"] == "crossed"), {})
    return Ran(
        engine,
        run,
        seconds,
        ended["status"] if ended else STOPPED,
        stages,
        here,
        there,
        {name: crossed[name] for name in ("answers", "rows", "bytes", "rows_sent", "bytes_sent") if name in crossed},
        sum(file.stat().st_size for file in (root / "data").glob("warehouse.duckdb*")) / 2**20,
        answered(notes, root.parent, stopped=ended is None) if server else (),
    )


def answered(notes: Path, folder: Path, *, stopped: bool) -> tuple[Question, ...]:
    """The questions of a run; where it was stopped, without the one that waited for its answer.

    Files are told as seen from the folder of the lake and the projects: results are the same wherever that is.
    """
    here = f"{folder.as_posix()}/"
    told = json.loads(notes.read_text("utf-8"))
    asked = tuple(Question(**{**one, "what": one["what"].replace(here, "")}) for one in told)
    return asked[:-1] if stopped else asked


def _refuse_different(projects: Sequence[Path]) -> int:
    """How many values every engine published alike, of those that ran in this folder."""
    published = [one / "data" / "published" / "kpi.duckdb" for one in projects]
    there = [one for one in published if one.exists()]
    if not there:
        return 0
    first = there[0]
    for other in there[1:]:
        with duckdb.connect() as connection:
            connection.execute(f"ATTACH '{first}' AS ours (READ_ONLY); ATTACH '{other}' AS theirs (READ_ONLY)")
            keys = "kpi, period_start, breakdown, segment"
            different = connection.execute(
                f"SELECT {keys}, ours.value, theirs.value FROM ours.kpi_value AS ours "
                f"FULL JOIN theirs.kpi_value AS theirs USING ({keys}) "
                "WHERE ours.kpi IS NULL OR theirs.kpi IS NULL OR (ours.value IS NULL) <> (theirs.value IS NULL) "
                f"OR abs(ours.value - theirs.value) > {RELATIVE} * greatest(abs(ours.value), abs(theirs.value)) LIMIT 5"
            ).fetchall()
        if different:
            raise RuntimeError(f"Engines published different values: {different}")
    with duckdb.connect(str(first), read_only=True) as connection:
        found = connection.execute("SELECT count(*) FROM kpi_value").fetchone()
    return int(found[0]) if found else 0


def _line(ran: Ran) -> str:
    stages = " ".join(f"{name} {seconds:.1f}" for name, seconds in ran.stages.items())
    return (
        f"{ran.engine:7} {ran.run:6} {ran.seconds:7.1f} s  driver {ran.driver.cpu_seconds:.1f} cpu s "
        f"{ran.driver.peak_mb:.0f} MB  server {ran.server.cpu_seconds:.1f} cpu s {ran.server.peak_mb:.0f} MB "
        f"read {ran.server.read_mb:.0f} MB  {dict(ran.crossed)}  {stages}"
    )


def as_told(race: Race) -> dict[str, Any]:
    """The runs as they are kept: of the questions those that took long, with the beginning of their SQL."""

    def kept(ran: Ran) -> dict[str, Any]:
        told = asdict(ran)
        told["asked"] = len(ran.questions)
        told["questions"] = [
            {**asdict(one), "what": one.what[:200] if one.how == "to_table" else ""}
            for one in ran.questions
            if one.seconds >= FEWEST_SECONDS
        ]
        return told

    return {**asdict(race), "ran": [kept(one) for one in race.ran]}
