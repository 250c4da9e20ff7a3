"""kpi_pipeline: twelve questions for many sums, each of orders of its own kind."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.workload.metrics import BREAKDOWNS, GRAINS
from benchmarks.workload.wide import HOW_MANY, wide_folder, wide_names

if TYPE_CHECKING:
    from benchmarks.answers import Answer
    from benchmarks.process import Clock


def compute(data: Path, _clock: Clock) -> list[Answer]:
    """As many sums as the environment says."""
    from kpi_pipeline.api import LoadedProject

    many = int(os.environ[HOW_MANY])
    project = LoadedProject.load(wide_folder(data / "project", many))
    for grain in GRAINS:
        for breakdown in BREAKDOWNS:
            project.query(wide_names(many), by=[breakdown] if breakdown else [], grain=grain)
    return []
