"""kpi_pipeline: `kpi run` of many sums at every grain and breakdown, until their values are there."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.contestants.ours import Marks
from benchmarks.workload.wide import HOW_MANY, wide_folder

if TYPE_CHECKING:
    from benchmarks.answers import Answer
    from benchmarks.process import Clock


class Computed(Exception):
    """The values are there."""


class UntilComputed(Marks):
    """Ends the run when judging begins: thousands of series would be judged and published otherwise."""

    def stage(self, name: str, total: int) -> None:
        """A stage begins."""
        super().stage(name, total)
        if name == "judge":
            raise Computed


def compute(data: Path, clock: Clock) -> list[Answer]:
    """As many sums as the environment says."""
    from kpi_pipeline.api import LoadedProject

    project = LoadedProject.load(wide_folder(data / "project", int(os.environ[HOW_MANY]), run=True))
    with suppress(Computed):
        project.run(watch=UntilComputed(clock))
    return []
