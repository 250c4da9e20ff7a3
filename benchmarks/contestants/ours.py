"""kpi_pipeline: `kpi run` over orders that were loaded before.

The project holds the 24 metrics and 96 KPIs on them, so that a run computes the 288 series. The process opens the
warehouse, sees that the files are those already loaded, reduces, stores the partial results and derives: until then is
what the other contestants do (mark `computed`). The run goes on to judge every KPI, to validate the tables and to
publish them (mark `finished`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.answers import Answer
    from benchmarks.process import Clock


def compute(data: Path, clock: Clock) -> list[Answer]:
    """All 24 metrics."""
    from kpi_pipeline.api import LoadedProject

    report = LoadedProject.load(data / "project" / "definitions").run(watch=Marks(clock))
    clock.mark("finished")
    if report.status != "published":
        raise RuntimeError(f"{report.status}: {report.blocked} {report.failed_checks}")
    return _answers(data / "project" / "published" / "kpi.duckdb")


class Marks:
    """Notes when each stage of a run begins; values are computed when judging begins."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def stage(self, name: str, total: int) -> None:  # noqa: ARG002
        """A stage begins."""
        self._clock.mark(name)
        if name == "judge":
            self._clock.mark("computed")

    def step(self, what: str) -> None:
        """Nothing is noted."""

    def note(self, text: str) -> None:
        """Nothing is noted."""


def _answers(published: Path) -> list[Answer]:
    """What readers of the published file get."""
    import duckdb

    from benchmarks.answers import Answer
    from benchmarks.workload.metrics import BREAKDOWNS, GRAINS

    with duckdb.connect(str(published), read_only=True) as connection:
        return [
            Answer(grain, breakdown, connection.sql(_side_by_side(grain, breakdown)).to_arrow_table())
            for grain in GRAINS
            for breakdown in BREAKDOWNS
        ]


def _side_by_side(grain: str, breakdown: str) -> str:
    """The values of a grain and breakdown, a column a metric."""
    segments = f"LIKE '{breakdown}=%'" if breakdown else "= 'all'"
    return (
        "PIVOT (SELECT v.period_start, split_part(v.segment, '=', 2) AS segment, k.metric, v.value "
        f"FROM kpi_value v JOIN kpi k USING (kpi) WHERE v.grain = '{grain}' AND v.segment {segments}) "
        "ON metric USING first(value) GROUP BY period_start, segment"
    )
