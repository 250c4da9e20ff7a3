"""A PostgreSQL table that changes and is loaded, in every mode: no row lost, none twice, also where loads are killed.

Histories: rows come, change, come late and go, NaN and infinite days among them; after every load the raw table is
compared with what the mode promises of the source, asked for by itself. Kills: a process that loads in chunks is killed
at a random moment; the next load must give the table. Size: the memory and time that a large table takes, by chunks.
The server is started for the trial, on a loopback port.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kpi_pipeline.ingest import Staged, accept, clear_leftovers, stage
from kpi_pipeline.project import Project, Settings
from kpi_pipeline.sources import Source
from kpi_pipeline.store.state import prepare_state
from kpi_pipeline.store.warehouse import Warehouse
from tests import processes
from tests.postgres import Postgres, served

NOW = datetime(2024, 6, 1, tzinfo=UTC)
LOADS: dict[str, dict[str, object]] = {
    "full": {"mode": "full", "cursor": "moment"},
    "append": {"mode": "append", "cursor": "moment", "lookback": "3 days"},
    "merge": {"mode": "merge", "key": ["id"], "cursor": "moment", "deletions": "compare_keys"},
}
STEPS = 6
TABLE = "CREATE TABLE invoices (id int PRIMARY KEY, moment timestamptz, amount numeric(12,2), due date)"


@dataclass
class Found:
    """How it went."""

    histories: int = 0
    loads: int = 0
    rows: int = 0
    misfits: int = 0
    unchanged: int = 0
    kills: int = 0
    sizes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """For people."""
        yield (
            f"{self.histories} histories, {self.loads:,} loads ({self.unchanged:,} found nothing new), "
            f"{self.rows:,} rows read, {self.misfits:,} of them to quarantine"
        )
        yield f"{self.kills} loads killed"
        yield from self.sizes
        yield f"{len(self.problems)} problems"
        yield from self.problems


def add_options(parser: argparse.ArgumentParser) -> None:
    """What may be asked."""
    parser.add_argument("--histories", type=int, default=100)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--rows", type=int, default=5_000_000, help="of the large table; 0 leaves it out")
    parser.add_argument("--seed", type=int, default=1)


def main(asked: argparse.Namespace) -> int:
    """Tries it, and says how it went."""
    found = Found()
    draw = random.Random(asked.seed)
    with served() as server, tempfile.TemporaryDirectory(prefix="databases-") as folder:
        for number in range(asked.histories):
            with server.another_database(f"history_{number}") as database:
                live(database, Path(folder), draw, found, mode=tuple(LOADS)[number % len(LOADS)])
        killed(server, Path(folder), draw, found, times=asked.kills)
        if asked.rows:
            measured(server, Path(folder), found, rows=asked.rows)
    print("\n".join(found.lines()))
    return 1 if found.problems else 0


def live(server: Postgres, folder: Path, draw: random.Random, found: Found, *, mode: str, steps: int = STEPS) -> None:
    """One history: the source changes, is loaded, and is compared."""
    ways: tuple[dict[str, object] | None, ...] = (
        None,
        {"count": 2},
        {"count": 3, "column": "id"},
        {"count": 3, "column": "moment"},
    )
    chunks = draw.choice(ways)
    source = _source(server.url, LOADS[mode] | ({"lookback": "3 days"} if mode == "merge" else {}), chunks)
    found.histories += 1
    server.run(TABLE)
    highest, newest = 0, datetime(2024, 1, 1, tzinfo=UTC)
    with Warehouse.in_memory() as warehouse:
        prepare_state(warehouse)
        for step in range(steps):
            statements, highest, newest = _changes(draw, mode, highest, newest)
            server.run(statements or "SELECT 1")
            staged = _load(source, folder, warehouse, f"run{step}")
            found.loads += 1
            found.rows += staged.rows_read
            found.misfits += staged.rows_quarantined
            found.unchanged += not staged.changed
            for said in _compared(server, warehouse, staged):
                found.problems.append(f"history {found.histories} ({mode}, chunks {chunks}), load {step}: {said}")
            again = _load(source, folder, warehouse, f"again{step}")
            found.loads += 1
            found.unchanged += not again.changed
            if again.changed:
                found.problems.append(
                    f"history {found.histories} ({mode}), load {step}: a second load changed something"
                )


def _changes(draw: random.Random, mode: str, highest: int, newest: datetime) -> tuple[str, int, datetime]:
    """Statements that change the source as the mode lets it change: an append sees what happened in its window."""
    done: list[str] = []
    for _ in range(draw.randrange(0, 40)):
        highest += 1
        moment = newest + timedelta(hours=draw.randrange(-70 if highest > 5 else 0, 30))
        newest = max(newest, moment)
        amount = draw.choice(["'NaN'", *[f"{draw.randrange(10_000) / 100:.2f}"] * 12, "NULL"])
        due = draw.choice(["'infinity'", "NULL", *[f"'{moment.date()}'"] * 12])
        done.append(f"INSERT INTO invoices VALUES ({highest}, '{moment.isoformat()}', {amount}, {due})")
    for _ in range(draw.randrange(0, 10)):
        number = draw.randrange(1, highest + 2)
        window = f"AND moment > '{(newest - timedelta(hours=60)).isoformat()}'" if mode == "append" else ""
        touch = f", moment = '{newest.isoformat()}'" if mode == "merge" else ""
        done.append(
            draw.choice([
                f"UPDATE invoices SET amount = amount + 1{touch} WHERE id = {number} {window}",
                f"UPDATE invoices SET amount = 'NaN'{touch} WHERE id = {number} {window}",
                f"DELETE FROM invoices WHERE id = {number} {window}",
            ])
        )  # fmt: skip
    return "; ".join(done), highest, newest


def _compared(server: Postgres, warehouse: Warehouse, staged: Staged) -> Iterator[str]:
    """What the raw table and the quarantine have other than the source."""
    fits = "amount IS DISTINCT FROM 'NaN' AND due IS DISTINCT FROM 'infinity'"
    asked = "SELECT id, extract(epoch FROM moment)::bigint, amount, due FROM invoices"
    there = sorted(server.rows(f"{asked} WHERE {fits}"))
    here = sorted(
        tuple("" if value is None else str(value) for value in row)
        for row in warehouse.rows("SELECT id, epoch(moment)::BIGINT, amount, due FROM raw.orders")
    )
    if there != here:
        yield f"{len(set(there) ^ set(here))} rows differ, {len(here)} here and {len(there)} there"
    misfits = int(server.rows(f"SELECT count(*) FROM invoices WHERE NOT ({fits})")[0][0])
    kept = int(warehouse.rows("SELECT count(*) FROM quarantine.orders")[0][0]) if staged.state.rows or misfits else 0
    if misfits != kept:
        yield f"{kept} rows in quarantine, {misfits} there that do not fit"
    if staged.rows_read != staged.rows_loaded + staged.rows_quarantined:
        yield "loaded and quarantined are not what was read"


def killed(server: Postgres, folder: Path, draw: random.Random, found: Found, *, times: int) -> None:
    """Loads of 300,000 rows are killed; the one after each must give the table."""
    with server.another_database("killed") as database:
        rows = "SELECT g, '2024-01-01'::timestamptz, g, NULL FROM generate_series(1, 300000) g"
        database.run(f"{TABLE}; INSERT INTO invoices {rows}")
        path = folder / "killed.duckdb"
        program = _program(path, database)
        began = time.monotonic()
        subprocess.run(program, check=True)
        usual = time.monotonic() - began
        for number in range(times):
            database.run(f"UPDATE invoices SET amount = amount + 1 WHERE id % 10 = {number % 10}")
            child = subprocess.Popen(program)
            time.sleep(draw.uniform(0.3, 1.0) * usual)
            child.send_signal(signal.SIGKILL)
            found.kills += child.wait() == -signal.SIGKILL
            if number % 5 == 4 or number == times - 1:
                subprocess.run(program, check=True)
                there = database.rows("SELECT count(*), sum(amount) FROM invoices")[0]
                with Warehouse.open(path) as warehouse:
                    here = tuple(
                        str(value) for value in warehouse.rows("SELECT count(*), sum(amount) FROM raw.orders")[0]
                    )
                if here != there:
                    found.problems.append(f"after kill {number}: {here} here, {there} there")


def measured(server: Postgres, folder: Path, found: Found, *, rows: int) -> None:
    """A table of many rows, by one connection and by four: seconds, and the memory of the process that loads."""
    with server.another_database("large") as database:
        database.run(
            "CREATE TABLE invoices AS SELECT g AS id, '2024-01-01'::timestamptz + g * interval '1 second' AS moment, "
            "(g % 100000)::numeric(12,2) AS amount, NULL::date AS due, md5(g::text) AS note "
            f"FROM generate_series(1, {rows}) g"
        )
        for count in (0, 4):
            path = folder / f"large_{count}.duckdb"
            program = _program(path, database, str(count), "measured")
            said = subprocess.run(program, check=True, capture_output=True, text=True).stdout.strip()
            found.sizes.append(f"{rows:,} rows by {max(count, 1)} connection(s): {said}")
            path.unlink()


def _source(url: str, load: dict[str, object], chunks: dict[str, object] | None) -> Source:
    connector: dict[str, object] = {"type": "database", "driver": "postgresql", "uri": url, "table": "invoices"}
    return Source.model_validate({"name": "orders", "connector": connector | {"chunks": chunks}, "load": load})


def _load(source: Source, folder: Path, warehouse: Warehouse, run_id: str) -> Staged:
    clear_leftovers(warehouse)
    project = Project(root=folder, settings=Settings(name="tried"))
    staged = stage(project, source, warehouse, run_id=run_id, now=NOW)
    accept(staged, warehouse)
    return staged


def _program(path: Path, database: Postgres, *more: str) -> list[str]:
    return [*processes.TIED, sys.executable, "-m", "reliability.databases", str(path), database.url, *more]


def load_once(path: Path, url: str, chunks: int) -> None:
    """What the processes do that are killed or measured."""
    source = _source(url, LOADS["full"], {"count": chunks} if chunks else None)
    with Warehouse.open(path, wait=10, memory="512 MB") as warehouse:
        prepare_state(warehouse)
        _load(source, path.parent, warehouse, f"process{os.getpid()}")


if __name__ == "__main__":
    began = time.perf_counter()
    load_once(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 2)
    if sys.argv[-1] == "measured":
        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds, work = time.perf_counter() - began, used.ru_utime + used.ru_stime
        print(f"{seconds:.1f} s, {work:.1f} s of the processor, {used.ru_maxrss // 1024:,} MB at most")
