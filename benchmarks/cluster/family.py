"""A process with all that it started: the memory it holds, the processor time it took, the bytes it read.

NOTE: only where there is /proc.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measured import family

EVERY = 0.2
"""Seconds between two looks."""
_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Used:
    """What a family of processes used while it was watched; of memory its peak."""

    peak_mb: float = 0.0
    cpu_seconds: float = 0.0
    read_mb: float = 0.0
    """Bytes it asked of files, wherever the system had them; what other processes sent counts as well."""


class Seen:
    """The last that was seen of each process, so that those that ended count."""

    def __init__(self) -> None:
        self.cpu: dict[int, float] = {}
        self.read: dict[int, float] = {}

    @property
    def used(self) -> tuple[float, float]:
        """Processor seconds and megabytes read, from the beginning of each process."""
        return sum(self.cpu.values()), sum(self.read.values())

    def look(self, pid: int) -> float:
        """Looks at the family; how many megabytes it holds."""
        held = 0.0
        for one in family(pid):
            try:
                held += int(Path(f"/proc/{one}/statm").read_text().split()[1]) * _PAGE / 2**20
                times = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
                self.cpu[one] = (int(times[11]) + int(times[12])) / _TICK
                read = Path(f"/proc/{one}/io").read_text().split()
                self.read[one] = int(read[1]) / 2**20
            except (OSError, IndexError):
                continue
        return held


@contextmanager
def watched(pid: int) -> Iterator[Used]:
    """What the family of a process uses during the block; it is known when the block is over."""
    used, seen, over = Used(), Seen(), threading.Event()
    used.peak_mb = seen.look(pid)
    cpu, read = seen.used

    def look() -> None:
        while not over.wait(EVERY):
            used.peak_mb = max(used.peak_mb, seen.look(pid))

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield used
    finally:
        over.set()
        looking.join()
        seen.look(pid)
        used.cpu_seconds, used.read_mb = (after - before for after, before in zip(seen.used, (cpu, read), strict=True))
