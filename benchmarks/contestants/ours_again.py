"""kpi_pipeline: `kpi run` of everything or of some KPIs, whatever the warehouse holds; nothing to compare."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.contestants.ours import Marks

if TYPE_CHECKING:
    from benchmarks.answers import Answer
    from benchmarks.process import Clock

SELECTED = "BENCHMARK_SELECTED"
"""The environment variable that names the KPIs; all without it."""


def compute(data: Path, clock: Clock) -> list[Answer]:
    """A run; its outcome is noted among the marks."""
    from kpi_pipeline.api import LoadedProject

    selected = os.environ.get(SELECTED, "").split()
    report = LoadedProject.load(data / "project" / "definitions").run(select=selected, watch=Marks(clock))
    clock.mark(report.status)
    return []
