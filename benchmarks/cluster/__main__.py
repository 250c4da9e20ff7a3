"""`python -m benchmarks.cluster`: the same KPIs on DuckDB, Sail and Spark, over rows in a lakehouse."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks.cluster.race import ENGINES, RUNS, STOPPED, as_told, race
from benchmarks.cluster.table import table
from benchmarks.report import RESULTS


def main() -> int:
    """Does what is asked on the command line."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description=__doc__)
    asked.add_argument("--rows", type=int, required=True, help="1000000, 10000000, 100000000")
    asked.add_argument("--engines", nargs="+", default=list(ENGINES), choices=ENGINES)
    asked.add_argument("--folder", type=Path, help="where rows and projects are kept; one that goes away by default")
    asked.add_argument("--limit", type=float, help="seconds after which a run is stopped")
    options = asked.parse_args()
    # NOTE: servers and runs end with this process, also where it is told to stop.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with ExitStack() as opened:
        folder = options.folder or Path(opened.enter_context(tempfile.TemporaryDirectory()))
        for found in race(folder.resolve(), rows=options.rows, engines=options.engines, limit=options.limit):
            _keep(as_told(found))
    print(table(sorted(RESULTS.glob("cluster-*.json"))))
    return 0


def _keep(told: dict[str, Any]) -> None:
    """Writes the runs beside those that were kept before."""
    file = RESULTS / f"cluster-{told['rows']}.json"
    before = json.loads(file.read_text("utf-8"))["ran"] if file.exists() else []
    file.write_text(json.dumps({**told, "ran": kept(before, told["ran"])}, indent=1) + "\n", encoding="utf-8")


def kept(before: Iterable[dict[str, Any]], now: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each engine and kind of run the one that took the least time, of those that came to an end."""
    best: dict[tuple[str, str], dict[str, Any]] = {}
    for one in (*before, *now):
        known = best.setdefault((one["engine"], one["run"]), one)
        if (one["status"] == STOPPED, one["seconds"]) < (known["status"] == STOPPED, known["seconds"]):
            best[one["engine"], one["run"]] = one
    return [best[key] for key in product(ENGINES, RUNS) if key in best]


if __name__ == "__main__":
    sys.exit(main())
