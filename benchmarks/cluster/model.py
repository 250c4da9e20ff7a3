"""What more rows, segments, metrics and days would cost: lines through what was measured, and arithmetic.

    python -m benchmarks.cluster.model

prints the constants, what two sizes say of the third, and worlds that nobody measured.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.report import RESULTS

KINDS = {
    "checks": "_checked_",
    "windows": "_stays",
    "percentiles": "PERCENTILE_",
    "distinct": "COUNT(DISTINCT",
    "days": "_kpi_file",
    "sums": "AS _day",
}
"""Questions that read rows, by a word that only they have; the first that fits."""


@dataclass(frozen=True)
class Line:
    """Seconds of one question: some whatever it is about, and some for each row."""

    fixed: float
    a_row: float

    def at(self, rows: float) -> float:
        """The seconds for so many rows."""
        return self.fixed + self.a_row * rows


def line_through(points: Iterable[tuple[float, float]]) -> Line:
    """The line with the least squares of errors as shares of what was measured; nothing in it is below nought.

    >>> round(line_through([(1.0, 3.0), (10.0, 12.0)]).at(100.0), 6)
    102.0
    """
    known = [(rows, seconds) for rows, seconds in points if seconds > 0]
    if len(known) < 2:
        return Line(0.0, sum(seconds / rows for rows, seconds in known))
    weights = [1 / seconds**2 for _, seconds in known]
    ones = sum(weights)
    x = sum(weight * rows for weight, (rows, _) in zip(weights, known, strict=True))
    xx = sum(weight * rows**2 for weight, (rows, _) in zip(weights, known, strict=True))
    y = sum(weight * seconds for weight, (_, seconds) in zip(weights, known, strict=True))
    xy = sum(weight * rows * seconds for weight, (rows, seconds) in zip(weights, known, strict=True))
    a_row = (ones * xy - x * y) / (ones * xx - x * x)
    fixed = (y - a_row * x) / ones
    if fixed < 0:
        return Line(0.0, xy / xx)
    if a_row < 0:
        return Line(y / ones, 0.0)
    return Line(fixed, a_row)


def partial_rows(rows: float, days: float, segments: float) -> float:
    """How many rows the sums have that come back: days x segments, fewer where some have no row of a day.

    `segments` are the combinations of all dimension values that the metrics of a model are broken down by.

    >>> round(partial_rows(1_000_000, 1_095, 1_000))
    655663
    """
    cells = days * segments
    return -cells * math.expm1(-rows / cells)


def kind_of(what: str) -> str | None:
    """Which kind of question that reads rows it is; None for those about names and columns."""
    return next((kind for kind, word in KINDS.items() if word in what), None)


def by_kind(ran: Mapping[str, Any]) -> dict[str, tuple[int, float, float]]:
    """Of each kind of question how many were asked, and what they took in the cluster: processor seconds, seconds."""
    found: dict[str, tuple[int, float, float]] = {}
    for one in ran["questions"]:
        kind = kind_of(one["what"]) if one["how"] == "to_table" else "names and files"
        if kind:
            count, cpu, seconds = found.get(kind, (0, 0.0, 0.0))
            found[kind] = (count + 1, cpu + one["cpu_seconds"], seconds + one["seconds"])
    return found


def lines_of(sizes: Mapping[int, Mapping[str, Any]]) -> dict[str, Line]:
    """A line for one question of each kind, in processor seconds of the cluster; `sizes` are first runs by rows."""
    told = {rows: by_kind(ran) for rows, ran in sizes.items()}
    kinds = dict.fromkeys(kind for one in told.values() for kind in one)
    return {
        kind: line_through((rows, one[kind][1] / one[kind][0]) for rows, one in told.items() if kind in one)
        for kind in kinds
    }


def predicted(lines: Mapping[str, Line], asked: Mapping[str, int], rows: float) -> float:
    """Processor seconds of the cluster for so many questions of each kind."""
    return sum(asked[kind] * lines[kind].at(rows) for kind in asked if kind in lines)


def first_runs(files: Sequence[Path], engine: str) -> dict[int, dict[str, Any]]:
    """The first runs of an engine that were measured, by rows."""
    found = {}
    for file in files:
        told = json.loads(file.read_text("utf-8"))
        for ran in told["ran"]:
            if (ran["engine"], ran["run"]) == (engine, "first"):
                found[int(told["rows"])] = ran
    return dict(sorted(found.items()))


def main() -> None:
    """Prints constants and predictions of both clusters."""
    files = sorted(RESULTS.glob("cluster-*.json"))
    for engine in ("sail", "spark"):
        sizes = first_runs(files, engine)
        if len(sizes) < 2:
            continue
        print(f"\n{engine}: processor seconds of one question, s + s / million rows")
        lines = lines_of(sizes)
        for kind, line in lines.items():
            print(f"  {kind:16} {line.fixed:8.2f} + {line.a_row * 1e6:7.3f}")
        for rows, ran in sizes.items():
            asked = {kind: count for kind, (count, _, _) in by_kind(ran).items()}
            others = lines_of({size: one for size, one in sizes.items() if size != rows})
            measured = sum(cpu for _, cpu, _ in by_kind(ran).values())
            print(
                f"  {rows:>11,} rows: measured {measured:,.0f}, all sizes {predicted(lines, asked, rows):,.0f}, "
                f"from the other sizes {predicted(others, asked, rows):,.0f}; asked {asked}"
            )


if __name__ == "__main__":
    main()
