"""Files of every format after a mishap: every row is loaded or in quarantine, or nothing is and a message says why.

The loader counts each file by two readers and refuses to go on where they differ; the lines of CSV and JSON lines are
counted here once more. A file of every format without a mishap must give all its rows.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from kpi_pipeline.errors import DataError
from kpi_pipeline.ingest import Staged, accept, stage
from kpi_pipeline.project import Project, Settings
from kpi_pipeline.sources import Source
from kpi_pipeline.store.state import prepare_state
from kpi_pipeline.store.warehouse import Warehouse
from reliability.mishaps import ROWS, cases, line_count, originals


@dataclass
class Tally:
    """What came of the files."""

    loaded: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    faults: list[str] = field(default_factory=list)


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--files", type=int, default=600, help="how many files to try")
    parser.add_argument("--seed", type=int, default=7, help="where the random mishaps begin")


def main(asked: argparse.Namespace) -> int:
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        tally = tried(asked.files, asked.seed, Path(folder))
    for suffix in sorted(tally.loaded | tally.refused):
        print(f"{suffix:10} {tally.loaded[suffix]:5} loaded {tally.refused[suffix]:5} refused with a message")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{tally.rows:,} rows found again in the warehouse or in quarantine; {peak} MB at most")
    print(f"{asked.files} files, {len(tally.faults)} faults, {time.perf_counter() - began:.0f} s")
    for fault in tally.faults:
        print(fault)
    return 1 if tally.faults else 0


def tried(count: int, seed: int, root: Path) -> Tally:
    """Loads so many files in a folder that is there, one by one, and says what came of them."""
    tally = Tally()
    with Warehouse.in_memory() as warehouse:
        prepare_state(warehouse)
        for suffix, content in originals().items():
            staged = _loaded(warehouse, root, suffix, content)
            if (staged.rows_loaded, staged.rows_quarantined) != (len(ROWS), 0):
                tally.faults.append(f"sound {suffix}: {staged.rows_loaded} of {len(ROWS)} rows")
        for number, (suffix, mutation) in enumerate(cases(count, seed)):
            about = f"file {number}, {suffix}, {mutation.what}"
            try:
                staged = _loaded(warehouse, root, suffix, mutation.content)
            except DataError:
                tally.refused[suffix] += 1
            except Exception as problem:  # noqa: BLE001 (whatever it is, it is the finding)
                tally.faults.append(f"{about}: {type(problem).__name__}: {problem}")
            else:
                tally.loaded[suffix] += 1
                tally.rows += staged.rows_read
                tally.faults += _miscounted(warehouse, staged, about, line_count(suffix, mutation.content))
    return tally


def _loaded(warehouse: Warehouse, root: Path, suffix: str, content: bytes) -> Staged:
    path = root / f"tried.{suffix}"
    path.write_bytes(content)
    source = Source.model_validate(
        {"name": "tried", "connector": {"type": "file", "path": path.name}, "load": {"allow_empty": True}}
    )
    project = Project(root=root, settings=Settings(name="tried", timezone="UTC"))
    try:
        staged = stage(project, source, warehouse, run_id="run", now=datetime.now(UTC), full=True)
        accept(staged, warehouse)
    finally:
        path.unlink()
    return staged


def _miscounted(warehouse: Warehouse, staged: Staged, about: str, lines: int | None) -> list[str]:
    held = sum(warehouse.rows(f"SELECT count(*) FROM {schema}.tried")[0][0] for schema in ("raw", "quarantine"))
    if held == staged.rows_read and lines in (None, held):
        return []
    return [f"{about}: {staged.rows_read} rows were read, {held} are in the warehouse, the file has {lines} lines"]
