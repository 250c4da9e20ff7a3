"""Dagster's log as who looks on."""

from __future__ import annotations

import dagster as dg

from kpi_pipeline.errors import counted


class LogWatch:
    """Writes stages and notes into the run's log; single steps would drown it."""

    def __init__(self, log: dg.DagsterLogManager) -> None:
        self._log = log

    def stage(self, name: str, total: int) -> None:
        """A line a stage."""
        self._log.info(f"{name}: {counted(total, 'step')}")

    def step(self, what: str) -> None:
        """Not shown."""

    def note(self, text: str) -> None:
        """A line a note."""
        self._log.info(text)
