"""kpi_pipeline: twelve questions, one a grain and breakdown, each for all 24 metrics; nothing is stored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.answers import Answer
from benchmarks.workload.metrics import BREAKDOWNS, GRAINS, METRICS

if TYPE_CHECKING:
    from benchmarks.process import Clock


def compute(data: Path, _clock: Clock) -> list[Answer]:
    """All 24 metrics; a period without orders has no row, as in every semantic layer."""
    from kpi_pipeline.api import LoadedProject

    project = LoadedProject.load(data / "project" / "definitions")
    answers = []
    for grain in GRAINS:
        for breakdown in BREAKDOWNS:
            frame = project.query(METRICS, by=[breakdown] if breakdown else [], grain=grain)
            answers.append(
                Answer(grain, breakdown, frame.rename({breakdown: "segment"} if breakdown else {}).to_arrow())
            )
    return answers
