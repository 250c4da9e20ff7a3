"""What people wait for every day: help, an import, a run with nothing to do, and a reader of the published tables."""

from __future__ import annotations

import json
import shutil
import statistics
import sys
from pathlib import Path

from benchmarks.measured import ROOT, measured

KPI = [sys.executable, "-c", "from kpi_pipeline.cli import main; main()"]
READ = """
import json, sys, time, duckdb
path, kpi = sys.argv[1:]
times = []
for _ in range(20):
    began = time.perf_counter()
    with duckdb.connect(path, read_only=True) as reader:
        rows = reader.execute(
            "SELECT period_start, value, target, status FROM kpi_value WHERE kpi = ? AND segment = 'all' "
            "ORDER BY period_start", [kpi]).fetchall()
    times.append((time.perf_counter() - began) * 1000)
assert rows
print(json.dumps(times))
"""
"""A reader that opens the published file anew each time, as a page of a BI tool does."""


def measure_startup(home: Path, *, repeat: int) -> str:
    """All of it as JSON: seconds of every repetition."""
    project = _shipped(home)
    run = [*KPI, "run", "--quiet", "--project", str(project)]
    _seconds(run)
    commands = {
        "kpi --help": [*KPI, "--help"],
        "import kpi_pipeline": [sys.executable, "-c", "import kpi_pipeline"],
        "python alone": [sys.executable, "-c", ""],
        "kpi run, nothing new": run,
    }
    found: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(repeat):
        for name, command in commands.items():
            found[name].append(_seconds(command))
    found["history of a KPI, shipped project (ms)"] = _read(
        project / "data" / "published" / "kpi.duckdb", "monthly_net_sales"
    )
    for rows in ("1000000", "10000000", "50000000"):
        published = home / rows / "project" / "published" / "kpi.duckdb"
        if published.exists():
            found[f"history of a KPI, workload of {int(rows):,} rows (ms)"] = _read(published, "revenue_by_day")
    for name, seconds in found.items():
        print(f"{name:50} {statistics.median(seconds):.3f}")
    return json.dumps(found, indent=1)


def _shipped(home: Path) -> Path:
    """A copy of the shipped project, so that the one here stays as it is."""
    project = home / "shipped"
    shutil.rmtree(project, ignore_errors=True)
    project.mkdir(parents=True)
    for folder in ("definitions", "data"):
        ignored = shutil.ignore_patterns("warehouse.duckdb*", "published")
        shutil.copytree(ROOT / folder, project / folder, ignore=ignored)
    return project


def _seconds(command: list[str]) -> float:
    done = measured(command)
    if done.code != 0:
        raise RuntimeError(f"{' '.join(command[2:])} failed:\n{done.said}")
    return done.seconds


def _read(published: Path, kpi: str) -> list[float]:
    """How long it takes to open the published file and to read one KPI's history, in milliseconds."""
    done = measured([sys.executable, "-c", READ, str(published), kpi])
    if done.code != 0:
        raise RuntimeError(done.said)
    times: list[float] = json.loads(done.said)
    return times
