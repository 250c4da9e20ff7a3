"""What has to be there before anything is measured: facts, and the project with its rows loaded.

Loading files into the warehouse is the same work for everybody (the other contestants read a DuckDB table or Parquet
files that were made for them), so it is done here and not measured.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.workload.project import define_metrics, make_project

LOADED, COMPUTED = "loaded.duckdb", "computed.duckdb"


def prepare(data: Path, *, rows: int, seed: int) -> None:
    """Makes what is not there yet, in processes of its own, so that this one stays small."""
    if not (data / "facts.json").exists():
        _in_process("facts", data, rows, seed)
    if not (data / LOADED).exists():
        _in_process("project", data)


def make_facts(data: Path, rows: int, seed: int) -> None:
    """The orders as monthly Parquet files and as a DuckDB table, checked against each other."""
    from benchmarks.workload.facts import Facts, write_facts

    data.mkdir(parents=True, exist_ok=True)
    write_facts(Facts(rows, seed), data)


def load_project(data: Path) -> None:
    """The project with its orders loaded and none of the 24 metrics computed; its rows are those of the facts.

    NOTE: a run loads what some metric needs, so there is one metric at first, and the 24 are defined afterwards.
    """
    import json

    import duckdb

    from benchmarks.workload.facts import check_sums
    from kpi_pipeline.api import LoadedProject

    shutil.rmtree(data / "project", ignore_errors=True)
    definitions = make_project(data / "project", sorted((data / "parquet").glob("*.parquet")))
    report = LoadedProject.load(definitions).run()
    if report.status != "published":
        raise RuntimeError(f"The orders were not loaded: {report}")
    with duckdb.connect(str(warehouse_of(data)), read_only=True) as connection:
        sums = check_sums(connection, "raw.orders")
    expected = json.loads((data / "facts.json").read_text("utf-8"))["sums"]
    if sums != expected:
        raise RuntimeError(f"The warehouse holds {sums}, the facts are {expected}.")
    define_metrics(definitions)
    _pack(warehouse_of(data))
    warehouse_of(data).rename(data / LOADED)


def _pack(warehouse: Path) -> None:
    """Lets the warehouse pack its rows, which the first few checkpoints do; they would count as the next run's work."""
    import duckdb

    for _ in range(4):
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute("CREATE OR REPLACE TABLE state.packed (number INTEGER)")
            connection.execute("DROP TABLE state.packed")
            connection.execute("CHECKPOINT")


def warehouse_of(data: Path) -> Path:
    """The warehouse that runs and questions work on."""
    return data / "project" / "data" / "warehouse.duckdb"


def restore(data: Path, state: str = LOADED) -> None:
    """Puts the warehouse back to how it was after loading, or after a whole run; later orders are gone."""
    for leftover in warehouse_of(data).parent.glob("warehouse.duckdb*"):
        leftover.unlink()
    for later in (data / "project" / "data" / "orders").glob("later*.parquet"):
        later.unlink()
    shutil.copyfile(data / state, warehouse_of(data))


def _in_process(what: str, *arguments: object) -> None:
    subprocess.run([sys.executable, "-m", "benchmarks.prepare", what, *map(str, arguments)], check=True)


if __name__ == "__main__":
    if sys.argv[1] == "facts":
        make_facts(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
    else:
        load_project(Path(sys.argv[2]))
