"""kpi_pipeline: `kpi run` on a warehouse that was computed before; nothing to compare, so nothing is written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.contestants.ours import Marks

if TYPE_CHECKING:
    from benchmarks.answers import Answer
    from benchmarks.process import Clock


def compute(data: Path, clock: Clock) -> list[Answer]:
    """A run; its outcome is noted among the marks."""
    from kpi_pipeline.api import LoadedProject

    report = LoadedProject.load(data / "project" / "definitions").run(watch=Marks(clock))
    clock.mark(report.status)
    return []
