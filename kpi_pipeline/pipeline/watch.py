"""Who looks on while a run works: a progress bar, Dagster's log, or nobody."""

from __future__ import annotations

from typing import Protocol

from kpi_pipeline.errors import counted
from kpi_pipeline.log import tell


class Watch(Protocol):
    """Is told when a stage begins, how far it is, and what is worth saying."""

    def stage(self, name: str, total: int) -> None:
        """A stage begins; it has that many steps."""

    def step(self, what: str) -> None:
        """A step of the stage is done."""

    def note(self, text: str) -> None:
        """Something a person would want to know."""


class Quiet:
    """Nobody looks on."""

    def stage(self, name: str, total: int) -> None:
        """Nothing is shown."""

    def step(self, what: str) -> None:
        """Nothing is shown."""

    def note(self, text: str) -> None:
        """Nothing is shown."""


class Logged:
    """Tells the log what it is told, and hands it on to who looks on."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._stage: str | None = None

    def stage(self, name: str, total: int) -> None:
        """A stage begins."""
        self._stage = name
        tell("stage_started", f"{name}: {counted(total, 'step')}", stage=name, steps=total)
        self._watch.stage(name, total)

    def step(self, what: str) -> None:
        """A step is done."""
        tell("step", what, stage=self._stage)
        self._watch.step(what)

    def note(self, text: str) -> None:
        """Something a person would want to know."""
        tell("note", text)
        self._watch.note(text)
