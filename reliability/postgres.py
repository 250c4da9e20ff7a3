"""Readers of a PostgreSQL server while runs publish there: no error, never two runs in one answer, no wait for a lock.

Some ask one statement over several tables at a time; others a whole transaction of statements (REPEATABLE READ), as a
report does. All give up (`lock_timeout`) on a lock that takes 100 ms. Now and then a definition changes, so that views
are made anew under the readers. The server is started for the trial, on a loopback port.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests import processes
from tests.postgres import Postgres, served
from tests.project import SALES_HEADER, Shop, csv

PAUSE = 0.05
"""Seconds between two questions of a reader."""

ALLOWED_MS = 100
CHANGES = 10
"""Every so many publishes a metric more, or less, is defined: views change."""

WEEKLY = "SELECT sum(value) FROM {} WHERE grain = 'week' AND segment = 'all' AND {} = '{}'"
KPI = WEEKLY.format("kpi_value", "kpi", "weekly_revenue")
METRIC = WEEKLY.format("metric_value", "metric", "revenue")
WIDE = "SELECT sum(weekly_revenue) FROM kpi_wide_week"
MODEL = "SELECT sum(revenue) FROM sale_week WHERE segment = 'all'"
RUN = "SELECT run_id FROM snapshot"
QUESTIONS = (RUN, KPI, METRIC, WIDE, MODEL)

MORE = "  - {name: lines_sold, type: simple, model: sale, agg: count, unit: count}\n"


def add_options(parser: argparse.ArgumentParser) -> None:
    """What may be asked."""
    parser.add_argument("--readers", type=int, default=4)
    parser.add_argument("--publishes", type=int, default=30)
    parser.add_argument("--folder", type=Path, default=None, help="where to work; the system's folder by default")


def main(asked: argparse.Namespace) -> int:
    """Lets them read, and says how they fared."""
    with tempfile.TemporaryDirectory(dir=asked.folder, prefix="postgres-") as folder, served() as server:
        found = tried(Path(folder), server, readers=asked.readers, publishes=asked.publishes)
    print("\n".join(found.lines()))
    return 1 if found.problems else 0


@dataclass
class Found:
    """How readers fared."""

    publishes: int = 0
    answers: int = 0
    transactions: int = 0
    runs_seen: set[str] = field(default_factory=set)
    slowest_ms: float = 0.0
    problems: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.publishes} publishes, {len(self.runs_seen)} runs seen"
        yield f"{self.answers:,} statements over five tables and views, {self.transactions:,} transactions of five"
        yield f"slowest answer {self.slowest_ms:.0f} ms"
        yield f"{len(self.problems)} errors, mixtures or locks over {ALLOWED_MS} ms"
        yield from self.problems[:20]


def tried(folder: Path, server: Postgres, *, readers: int, publishes: int) -> Found:
    """Publishes again and again while others read, and looks at what they saw."""
    shop = Shop.opened_in(folder)
    shop.edit("definitions/project.yaml", "  publish:\n", f"  publish:\n    postgres: {server.url}\n")
    shop.run()
    published = {_of(shop)[0]: _of(shop)[1]}
    stop, told = folder / "stop", [folder / f"told_{number}.json" for number in range(readers)]
    started = [
        processes.start(read_until_stopped, server.url, stop, one, number % 2 == 1) for number, one in enumerate(told)
    ]
    found = Found()
    try:
        for number in range(publishes):
            line = f"J{number},c1,2024-03-05 10:00:00,France,{number + 1},100.00"
            shop.write("data/sales/second.csv", csv(SALES_HEADER, [line]))
            if number % CHANGES == CHANGES - 1:
                _change(shop)
            shop.run()
            run_id, revenue = _of(shop)
            published[run_id] = revenue
            found.publishes += 1
    finally:
        stop.touch()
    for one in started:
        if (code := processes.ended(one)) != 0:
            found.problems.append(f"a reader ended with {code}")
    for file in told:
        _count(json.loads(file.read_text(encoding="utf-8")), published, found)
    return found


def read_until_stopped(url: str, stop: Path, told: Path, whole: bool) -> None:
    """Asks again and again; `whole` asks five statements of one transaction, else one statement over five tables."""
    import adbc_driver_postgresql.dbapi

    seen: dict[str, int] = {}
    problems: list[str] = []
    slowest = 0.0
    with adbc_driver_postgresql.dbapi.connect(url, autocommit=True) as connection:
        _run(connection, "SET search_path TO kpi")
        _run(connection, f"SET lock_timeout = '{ALLOWED_MS}ms'")
        while not stop.exists():
            began = time.perf_counter()
            try:
                answer = (
                    _whole(connection)
                    if whole
                    else _run(connection, f"SELECT {', '.join(f'({q})' for q in QUESTIONS)}")
                )
                key = json.dumps([str(one) for one in answer])
                seen[key] = seen.get(key, 0) + 1
            except adbc_driver_postgresql.dbapi.Error as problem:
                problems.append(str(problem)[:300])
            slowest = max(slowest, time.perf_counter() - began)
            time.sleep(PAUSE)
    found = {"whole": whole, "seen": seen, "problems": problems, "slowest_ms": 1000 * slowest}
    told.write_text(json.dumps(found), encoding="utf-8")


def _whole(connection: Any) -> list[object]:
    """The answers of one transaction, with time between them for a publication."""
    answers: list[object] = []
    _run(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ")
    try:
        for question in QUESTIONS:
            answers += _run(connection, question)
            time.sleep(PAUSE)
    finally:
        _run(connection, "ROLLBACK")
    return answers


def _run(connection: Any, statement: str) -> tuple[object, ...]:
    with closing(connection.cursor()) as cursor:
        cursor.execute(statement)
        return tuple(cursor.fetchone()) if statement.startswith("SELECT") else ()


def _of(shop: Shop) -> tuple[str, float]:
    """The run that is published, and the revenue it tells."""
    run_id, revenue = shop.ask(f"SELECT ({RUN}), ({KPI})").row(0)
    return run_id, revenue


def _change(shop: Shop) -> None:
    """A metric more, or the one before no longer."""
    text = (shop.root / "definitions" / "metrics.yaml").read_text(encoding="utf-8")
    shop.write("definitions/metrics.yaml", text.removesuffix(MORE) if text.endswith(MORE) else text + MORE)


def _count(told: dict[str, Any], published: dict[str, float], found: Found) -> None:
    """What a reader saw: every answer has to be that of one run."""
    found.slowest_ms = max(found.slowest_ms, told["slowest_ms"])
    found.problems += told["problems"]
    for key, times in told["seen"].items():
        run_id, *revenues = json.loads(key)
        if told["whole"]:
            found.transactions += times
        else:
            found.answers += times
        found.runs_seen.add(run_id)
        expected = published.get(run_id)
        if expected is None or any(abs(float(one) - expected) > 1e-6 for one in revenues):
            found.problems.append(f"a mixture: {key}, published {expected}")
