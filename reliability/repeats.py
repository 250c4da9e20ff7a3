"""The same rows in another order, in other files, on one processor or two, at once or day by day: the same values.

Sums of floating-point numbers of very different sizes depend on the order in which they are added. So the rows have
them, and there are enough of them that DuckDB and Polars add in parallel. Every published table must have the same
fingerprint each time: values, quotients, percentiles, windows, stocks, what the data says of claims, and projections.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from kpi_pipeline.load import load
from kpi_pipeline.pipeline import run as whole_run
from kpi_pipeline.pipeline.content_hashes import content_hashes
from tests import processes

ROWS = 150_000
DAYS = 500
NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
DEFINITIONS = """
project:
  name: measured
  timezone: UTC
  as_of: data
  publish: {scorecard: null, duckdb: out/kpi.duckdb, grains: [week, month]}
sources:
  - name: readings
    connector: {type: file, path: data/*.parquet}
    load: {mode: append, cursor: at}
models:
  - name: readings
    table: raw.readings
    agg_time_dimension: at
    dimensions: [place, {name: at, type: time}]
metrics:
  - {name: total, type: simple, model: readings, agg: sum, expr: load}
  - {name: mean, type: simple, model: readings, agg: average, expr: load}
  - {name: small, type: simple, model: readings, agg: sum, expr: small}
  - {name: middle, type: simple, model: readings, agg: median, expr: load}
  - {name: heavy, type: simple, model: readings, agg: percentile, percentile: 0.95, expr: small}
  - {name: devices, type: simple, model: readings, agg: count_distinct, expr: device}
  - {name: readings, type: simple, model: readings, agg: count}
  - {name: stood, type: simple, model: readings, agg: sum, expr: small,
     non_additive_dimension: {name: at, window_agg: average, window_groupings: [place]}}
  - {name: share, type: ratio, numerator: small, denominator: total}
  - {name: a_device, type: derived, expr: total / devices * 0.1, input_metrics: [total, devices]}
  - {name: total_28d, type: cumulative, input_metric: total, window: 28 days}
teams: [{name: lab}]
people: [{name: ann, team: lab}]
kpis:
  - {name: weekly_total, metric: total, direction: up, grain: week, breakdowns: [[], [place]], segments_at_most: 3,
     target: {type: at_least, values: [{from: 2024-01-01, value: 1000}]}}
  - {name: weekly_share, metric: share, direction: up, grain: week}
  - {name: weekly_small, metric: small, direction: up, grain: week}
  - {name: weekly_heavy, metric: heavy, direction: up, grain: week, breakdowns: [[], [place]]}
  - {name: monthly_a_device, metric: a_device, direction: up, grain: month}
links:
  - {from: weekly_small, to: weekly_total, lag: 1 week, sign: positive, team: lab, because: small things come first}
"""
"""What is measured: sums, means, medians, percentiles, quotients, windows, stocks, a claim, projections."""

Hashes = Mapping[str, str]


def readings(number: int, rows: int = ROWS) -> pl.DataFrame:
    """Rows with numbers of every size."""
    chance = np.random.default_rng(number)
    size = 10.0 ** chance.integers(-6, 8, rows)
    at = np.datetime64("2024-01-01T00:00:00") + chance.integers(0, DAYS * 86400, rows).astype("timedelta64[s]")
    return pl.DataFrame({
        "at": at.astype("datetime64[us]"),
        "place": chance.choice(["north", "south", "east", "west", "far"], rows),
        "device": chance.integers(0, 5000, rows),
        "load": chance.normal(0.3, 1, rows) * size,
        "small": chance.normal(1, 0.5, rows) / 3,
    })  # fmt: skip


def at_once(root: Path, rows: pl.DataFrame, _chance: random.Random) -> None:
    """One file, one run."""
    _deliver(root, "all", rows)
    _run(root)


def in_another_order(root: Path, rows: pl.DataFrame, chance: random.Random) -> None:
    """One file with the rows shuffled, one run."""
    _deliver(root, "all", rows.sample(fraction=1, shuffle=True, seed=chance.randrange(10**6)))
    _run(root)


def in_other_files(root: Path, rows: pl.DataFrame, chance: random.Random) -> None:
    """Several files, one run."""
    for number, part in enumerate(_parts(rows, chance)):
        _deliver(root, f"part_{number}", part)
    _run(root)


def day_by_day(root: Path, rows: pl.DataFrame, chance: random.Random) -> None:
    """Several files, each with a run of its own; the last one is what is new each day, the others come late."""
    for number, part in enumerate(_parts(rows, chance)):
        _deliver(root, f"part_{number}", part)
        _run(root)


WAYS: Mapping[str, Callable[[Path, pl.DataFrame, random.Random], None]] = {
    "at once": at_once,
    "in another order": in_another_order,
    "in other files": in_other_files,
    "in several runs": day_by_day,
}


def _parts(rows: pl.DataFrame, chance: random.Random) -> list[pl.DataFrame]:
    cuts = sorted(chance.sample(range(1, rows.height), 2))
    return [rows[first:last] for first, last in zip([0, *cuts], [*cuts, rows.height], strict=True)]


def _deliver(root: Path, name: str, rows: pl.DataFrame) -> None:
    (root / "data").mkdir(exist_ok=True)
    rows.write_parquet(root / "data" / f"{name}.parquet")


def _run(root: Path) -> None:
    definitions = root / "definitions"
    definitions.mkdir(exist_ok=True)
    (definitions / "all.yaml").write_text(DEFINITIONS, encoding="utf-8")
    whole_run.run(load(definitions), now=NOW)


def repeated(task: tuple[str, int, int, Path | None]) -> tuple[str, int, Hashes]:
    """What is published one way, with so many processors: the number decides the rows' order and the files."""
    way, processors, number, folder = task
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:processors]))
    with tempfile.TemporaryDirectory(dir=folder, prefix="repeats-") as root:
        WAYS[way](Path(root), readings(1), random.Random(number))
        return way, processors, content_hashes(Path(root) / "out" / "kpi.duckdb")


def add_options(parser: argparse.ArgumentParser) -> None:
    """What may be asked."""
    parser.add_argument("--times", type=int, default=20, help="how often each way")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=None, help="where to work")


def main(asked: argparse.Namespace) -> int:
    """Publishes the same rows in every way, and says what differs."""
    began = time.monotonic()
    tasks: list[Any] = [
        (way, processors, asked.seed * 1000 + time_, asked.folder)
        for time_ in range(asked.times)
        for way in WAYS
        for processors in (1, 2)
    ]
    expected: Hashes = {}
    same: Counter[str] = Counter()
    different = 0
    # NOTE: a process each, because the number of threads is decided once in a process.
    with processes.pool(asked.processes) as pool:
        for way, processors, found in pool.imap(repeated, tasks):
            expected = expected or found
            others = sorted(name for name in {*expected, *found} if expected.get(name) != found.get(name))
            what = f"{way}, {processors} processor{'s' * (processors > 1)}"
            same[what] += not others
            different += bool(others)
            print(f"{what}: {', '.join(others) or 'the same'}", flush=True)
    for what, times in sorted(same.items()):
        print(f"{what:<36}{times:>5} times the same")
    print(f"{different} times something else; {len(expected)} tables, {time.monotonic() - began:.0f} s")
    return 1 if different else 0
