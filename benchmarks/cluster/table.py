"""What was measured as a table for people."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

NAMES = {"duckdb": "DuckDB, rows loaded", "sail": "Sail", "spark": "Spark, two workers"}
RUNS = {"first": "all rows", "later": "one day more", "idle": "nothing new"}


def table(files: Iterable[Path]) -> str:
    """A row for each run, the fewest rows first."""
    found = sorted((json.loads(file.read_text("utf-8")) for file in files), key=lambda one: int(one["rows"]))
    lines = [
        "| rows | engine | run | seconds | CPU: here | there | MB: here | there | rows came | MB | asked | MB kept |",
        "| ---: | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [_line(one["rows"], ran) for one in found for ran in one["ran"]]
    return "\n".join(lines)


def _line(rows: int, ran: dict[str, Any]) -> str:
    crossed, server = ran["crossed"], ran["server"]
    there = bool(server["peak_mb"])
    cells = [
        f"{rows / 1e6:,.0f} M",
        NAMES[ran["engine"]],
        RUNS[ran["run"]],
        f"{'stopped after ' if ran['status'] == 'stopped' else ''}{ran['seconds']:,.0f}",
        f"{ran['driver']['cpu_seconds']:,.0f}" if ran["driver"]["cpu_seconds"] else "",
        f"{server['cpu_seconds']:,.0f}" if there else "",
        f"{ran['driver']['peak_mb']:,.0f}",
        f"{server['peak_mb']:,.0f}" if there else "",
        f"{crossed['rows']:,}" if crossed else "",
        f"{crossed['bytes'] / 2**20:,.1f}" if crossed else "",
        f"{crossed['answers']}" if crossed else "",
        f"{ran['warehouse_mb']:,.0f}",
    ]
    return f"| {' | '.join(cells)} |"
