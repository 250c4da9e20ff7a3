"""`python -m benchmarks.cluster`: the same KPIs on DuckDB, Sail and Spark, over rows in a lakehouse."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.cluster.race import ENGINES, RUNS, as_told, race
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
    """Writes the runs beside those of other engines, and the faster of two where an engine ran before."""
    file = RESULTS / f"cluster-{told['rows']}.json"
    before = json.loads(file.read_text("utf-8"))["ran"] if file.exists() else []
    best = {(one["engine"], one["run"]): one for one in before}
    for one in told["ran"]:
        key = (one["engine"], one["run"])
        if key not in best or one["seconds"] <= best[key]["seconds"]:
            best[key] = one
    order = [(engine, run) for engine in ENGINES for run in RUNS]
    told = {**told, "ran": [best[key] for key in order if key in best]}
    file.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
