"""A contestant as a process of its own: `python -m benchmarks.process CONTESTANT DATA OUT`.

It says how long it took from the start of the process until its last value was in memory, and how much memory that
needed. Writing the values for the comparison comes after that, for everybody alike.

NOTE: only the standard library and pyarrow are imported here, and pyarrow only afterwards.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from benchmarks.answers import Answer

STARTED = "BENCHMARK_STARTED"
"""The environment variable with the moment at which the process was started."""


@dataclass
class Clock:
    """The moments that a contestant notes, in seconds since its process was started."""

    started: float
    marks: dict[str, float] = field(default_factory=dict)
    peaks: dict[str, float] = field(default_factory=dict)

    def mark(self, name: str) -> None:
        """Notes the time and the peak memory so far, once a name."""
        if name not in self.marks:
            self.marks[name] = time.time() - self.started
            self.peaks[name] = peak_mb()


class Contestant(Protocol):
    """What a module below `contestants/` offers."""

    def compute(self, data: Path, clock: Clock) -> Sequence[Answer]:
        """All values it can compute of the facts in a folder."""


def peak_mb() -> float:
    """The most memory this process ever held.

    NOTE: on Linux `getrusage` counts what the process that started this one held, so the kernel's own figure is read.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) / 1024 for line in status.read_text().splitlines() if "VmHWM" in line)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1024


def main(name: str, data: str, out: str) -> None:
    """Runs a contestant and writes `<out>.parquet` with its values and `<out>.json` with its marks."""
    clock = Clock(float(os.environ.get(STARTED) or time.time()))
    contestant: Contestant = importlib.import_module(f"benchmarks.contestants.{name}")
    answers = contestant.compute(Path(data), clock)
    clock.mark("computed")
    clock.mark("finished")
    said = {"seconds": clock.marks, "peak_mb": clock.peaks}
    Path(f"{out}.json").write_text(json.dumps(said), encoding="utf-8")
    if answers:
        from benchmarks.answers import write_answers

        write_answers(answers, Path(f"{out}.parquet"))


if __name__ == "__main__":
    main(*sys.argv[1:])
