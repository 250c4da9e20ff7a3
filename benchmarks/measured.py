"""A command as a fresh process: how long it took, and how much memory it and its children held at most."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.process import STARTED

ROOT = Path(__file__).parent.parent
EVERY = 0.03
"""Seconds between two looks at the memory."""


@dataclass(frozen=True)
class Measured:
    """What a process took; `code` is None if it was stopped at the limit."""

    seconds: float
    peak_mb: float
    code: int | None
    said: str


def measured(
    command: Sequence[str],
    *,
    limit: float | None = None,
    cwd: Path = ROOT,
    environment: Mapping[str, str] | None = None,
) -> Measured:
    """Runs a command to its end, or until the limit."""
    around = os.environ | {"PYTHONPATH": str(ROOT), "GX_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
    began = time.time()
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env={**around, **(environment or {}), STARTED: repr(began)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    watch = _Memory(process.pid)
    watch.start()
    try:
        said, _ = process.communicate(timeout=limit)
        seconds = time.time() - began
        code: int | None = process.returncode
    except subprocess.TimeoutExpired:
        process.kill()
        said, _ = process.communicate()
        seconds, code = time.time() - began, None
    watch.ended.set()
    watch.join()
    return Measured(seconds, watch.peak_mb, code, said)


class _Memory(threading.Thread):
    """Looks at the resident memory of a process and its descendants until it is told that they ended.

    NOTE: only where there is /proc; elsewhere the peak is what the contestant says of itself.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.ended = threading.Event()
        self.peak_mb = 0.0
        self._pid = pid

    def run(self) -> None:
        while not self.ended.wait(EVERY):
            self.peak_mb = max(self.peak_mb, sum(_resident_mb(pid) for pid in family(self._pid)))


def family(pid: int) -> list[int]:
    """A process and its descendants."""
    found = [pid]
    for one in found:
        for task in Path("/proc").glob(f"{one}/task/*/children"):
            try:
                found += [int(child) for child in task.read_text().split()]
            except OSError:
                continue
    return found


def _resident_mb(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
