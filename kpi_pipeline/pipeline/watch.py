"""Who looks on while a run works: a progress bar, Dagster's log, or nobody."""

from __future__ import annotations

from typing import Protocol


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
