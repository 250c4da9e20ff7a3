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
opening, asking = [], []
for _ in range(20):
    began = time.perf_counter()
    with duckdb.connect(path, read_only=True) as reader:
        opened = time.perf_counter()
        rows = reader.execute(
            "SELECT period_start, value, target, status FROM kpi_value WHERE kpi = ? AND segment = 'all' "
            "ORDER BY period_start", [kpi]).fetchall()
        answered = time.perf_counter()
    assert rows
    opening.append((opened - began) * 1000)
    asking.append((answered - opened) * 1000)
print(json.dumps([opening, asking]))
"""
"""A reader that opens the published file anew each time: nothing is remembered from the question before."""


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
    _note(found, "shipped project", project / "data" / "published" / "kpi.duckdb", "monthly_net_sales")
    for rows in ("1000000", "10000000", "50000000"):
        published = home / rows / "project" / "published" / "kpi.duckdb"
        if published.exists():
            _note(found, f"workload of {int(rows):,} rows", published, "revenue_by_day")
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


def _note(found: dict[str, list[float]], whose: str, published: Path, kpi: str) -> None:
    """How long it takes to open the published file, and then to read one KPI's history."""
    done = measured([sys.executable, "-c", READ, str(published), kpi])
    if done.code != 0:
        raise RuntimeError(done.said)
    opening, asking = json.loads(done.said)
    found[f"opening the published file, {whose} (ms)"] = opening
    found[f"history of a KPI, {whose} (ms)"] = asking
