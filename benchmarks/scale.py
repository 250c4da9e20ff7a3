"""How the engine scales: over metrics, over days that changed, and when nothing did."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from benchmarks.contestants.ours_again import SELECTED
from benchmarks.measured import measured
from benchmarks.prepare import COMPUTED, LOADED, prepare, restore, warehouse_of
from benchmarks.workload.metrics import FROM_ADDITIVE, GRAINS
from benchmarks.workload.wide import HOW_MANY, define_wide

MANY = (24, 50, 100, 200)
LATER = {
    "one more day": ("later_day.parquet", date(2024, 1, 1), 1),
    "late rows of 7 days": ("later_week.parquet", date(2023, 12, 25), 7),
}


def measure_scale(home: Path, *, rows: int, seed: int, repeat: int) -> str:
    """All of it as JSON: what was done, with the marks of every repetition."""
    data = home / str(rows)
    prepare(data, rows=rows, seed=seed)
    _compute_once(data)
    _make_later(data, rows, seed)
    found: dict[str, list[dict[str, float]]] = {}

    def note(what: str, contestant: str, ready: Callable[[], None], **environment: str) -> None:
        ready()
        marks = _marks(data, contestant, environment)
        found.setdefault(what, []).append(marks)
        print(f"{what:22} " + "  ".join(f"{name} {value:.2f}" for name, value in marks.items()), flush=True)

    additive = [f"{metric}_by_{grain}" for metric in FROM_ADDITIVE for grain in GRAINS]
    for _ in range(repeat):
        note("full run", "ours_again", lambda: restore(data))
        for what, (file, _, _) in LATER.items():
            note(what, "ours_again", lambda file=file: _with_later(data, file))  # type: ignore[misc]
        note("sums and counts alone", "ours_again", lambda: restore(data), **{SELECTED: " ".join(additive)})
        note("nothing new", "ours_again", lambda: restore(data, COMPUTED))
        note("S", "scan", lambda: None)
        for many in MANY:
            define_wide(data / "project", many, run=True)
            note(f"{many} sums in a run", "ours_wide_run", lambda: restore(data), **{HOW_MANY: str(many)})
        for many in MANY:
            define_wide(data / "project", many)
            note(f"{many} sums", "ours_wide", lambda: restore(data), **{HOW_MANY: str(many)})
    return json.dumps({"rows": rows, "found": found}, indent=1)


def _compute_once(data: Path) -> None:
    """Keeps the warehouse as it is after a whole run of this engine; the published tables stay where they are."""
    restore(data, LOADED)
    _marks(data, "ours_again", {})
    shutil.copyfile(warehouse_of(data), data / COMPUTED)


def _make_later(data: Path, rows: int, seed: int) -> None:
    from benchmarks.workload.facts import AFTER_LAST_DAY, FIRST_DAY, Facts, later_orders

    usual = max(1, rows // (AFTER_LAST_DAY - FIRST_DAY).days)
    for file, first, days in LATER.values():
        later_orders(Facts(rows, seed), first, days, usual).write_parquet(data / file)


def _with_later(data: Path, file: str) -> None:
    """The warehouse after a whole run, and a file that came in since."""
    restore(data, COMPUTED)
    shutil.copyfile(data / file, data / "project" / "data" / "orders" / file)


def _marks(data: Path, contestant: str, environment: Mapping[str, str]) -> dict[str, float]:
    """The seconds at each mark of a process, and its peak memory."""
    out = data / "out" / contestant
    out.parent.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "benchmarks.process", contestant, str(data), str(out)]
    done = measured(command, environment=environment)
    if done.code != 0:
        raise RuntimeError(f"{contestant} failed:\n{done.said}")
    said = json.loads(out.with_suffix(".json").read_text("utf-8"))
    return {**said["seconds"], "peak_mb": max(said["peak_mb"].values())}
