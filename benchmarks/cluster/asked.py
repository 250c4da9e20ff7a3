"""`kpi run` with a note of every question to the cluster: `python -m benchmarks.cluster.asked PROJECT NOTES PID`.

PID is the cluster's first process; without it nothing is noted.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.cluster.family import Seen

ASKING = ("to_table", "to_table_as_iterator", "execute_command", "_analyze")
"""What the client of Spark Connect has for questions, statements and questions about plans."""


def note_questions(notes: list[dict[str, Any]], server: int) -> None:
    """Has the client note what it was asked, how long the answer took, and what the cluster used meanwhile."""
    from pyspark.sql.connect.client import SparkConnectClient

    seen = Seen()

    def noted(name: str, ask: Callable[..., Any]) -> Callable[..., Any]:
        def asked(self: SparkConnectClient, *what: Any, **named: Any) -> Any:
            began = time.perf_counter()
            seen.look(server)
            before = seen.used
            try:
                return ask(self, *what, **named)
            finally:
                seen.look(server)
                cpu, read = (now - then for now, then in zip(seen.used, before, strict=True))
                text = _text(what[0] if what else named.get("plan", named.get("method", "")))
                seconds = time.perf_counter() - began
                notes.append({"how": name, "seconds": seconds, "cpu_seconds": cpu, "read_mb": read, "what": text})

        return asked

    for name in ASKING:
        setattr(SparkConnectClient, name, noted(name, getattr(SparkConnectClient, name)))


def _text(plan: Any) -> str:
    """The SQL of a plan where it is that, else the beginning of the plan."""
    sql = getattr(getattr(plan, "root", None), "sql", None)
    return (sql.query if sql is not None and sql.query else " ".join(str(plan).split()))[:4000]


def main(project: str, kept: str = "", server: str = "") -> None:
    """Runs a project with its events on the error stream."""
    notes: list[dict[str, Any]] = []
    if kept:
        note_questions(notes, int(server))
    from kpi_pipeline.cli import main as kpi

    sys.argv = ["kpi", "run", "-C", project, "--log-format", "json"]
    try:
        kpi()
    finally:
        if kept:
            Path(kept).write_text(json.dumps(notes), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
