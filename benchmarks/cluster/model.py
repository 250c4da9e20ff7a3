"""What more rows, segments, metrics and days would cost: lines through what was measured, and arithmetic.

    python -m benchmarks.cluster.model

prints the constants, and beside what was measured what the other sizes say of it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.cluster.sales import COUNTRIES, DAYS, STORES
from benchmarks.cluster.servers import STARTS
from benchmarks.report import RESULTS

KINDS = (
    ("_stays", "windows"),
    ("PERCENTILE", "percentiles"),
    ("COUNT(DISTINCT", "distinct"),
    ("_kpi_file", "days"),
    ("column_values.", "checks"),
    ("_checked_", "checks"),
    ("AS _day", "sums"),
)
"""Kinds of questions that read rows, by words that only they have; the first that fits."""
SEGMENTS = len(COUNTRIES) * len(STORES)


@dataclass(frozen=True)
class Line:
    """Seconds of one question: some for each row it reads, and some for each row it gives, or for being asked."""

    base: float
    a_row: float

    def at(self, rows: float, given: float = 1.0) -> float:
        """The seconds for so many rows."""
        return self.base * given + self.a_row * rows


def line_through(points: Iterable[tuple[float, float, float]]) -> Line:
    """The line with the least squares of errors as shares of what was measured; nothing in it is below nought.

    A point is rows that are given (1 where they are few), rows that are read, and seconds.

    >>> round(line_through([(1.0, 1.0, 3.0), (1.0, 10.0, 12.0)]).at(100.0), 6)
    102.0
    """
    known = [(given / seconds, rows / seconds) for given, rows, seconds in points if seconds > 0]
    gg = sum(given * given for given, _ in known)
    rr = sum(rows * rows for _, rows in known)
    gr = sum(given * rows for given, rows in known)
    g, r = sum(given for given, _ in known), sum(rows for _, rows in known)
    if len(known) < 2:
        return Line(0.0, r / rr if rr else 0.0)
    base, a_row = ((rr * g - gr * r) / (gg * rr - gr * gr), (gg * r - gr * g) / (gg * rr - gr * gr))
    if base < 0:
        return Line(0.0, r / rr)
    if a_row < 0:
        return Line(g / gg, 0.0)
    return Line(base, a_row)


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
    return next((kind for word, kind in KINDS if word in what), None)


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
        kind: line_through(
            (given(kind, rows), rows, one[kind][1] / one[kind][0]) for rows, one in told.items() if kind in one
        )
        for kind in kinds
    }


def given(kind: str, rows: float) -> float:
    """How many rows a question of the benchmark gives where it matters; 1 where they are few."""
    return partial_rows(rows, DAYS, SEGMENTS) if kind == "sums" else 1.0


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
    for engine in STARTS:
        sizes = first_runs(files, engine)
        print(f"\n{engine}: processor seconds of one question: s (a million rows given, for sums) + s a million rows")
        for kind, line in lines_of(sizes).items():
            base = line.base * (1e6 if kind == "sums" else 1)
            print(f"  {kind:16} {base:6.2f} + {line.a_row * 1e6:6.3f}  {_checked(kind, sizes)}")


def _checked(kind: str, sizes: Mapping[int, Mapping[str, Any]]) -> str:
    """What was measured at each size, and what the other sizes say of it."""
    told = []
    for rows, ran in sizes.items():
        if kind in (found := by_kind(ran)):
            others = lines_of({size: one for size, one in sizes.items() if size != rows and kind in by_kind(one)})
            foretold = f" ({others[kind].at(rows, given(kind, rows)):.1f})" if kind in others else ""
            told.append(f"{rows / 1e6:.0f} M: {found[kind][1] / found[kind][0]:.1f}{foretold}")
    return "; ".join(told)


if __name__ == "__main__":
    main()
