"""What a rule is: a code, how grave it is, and a function that finds what breaks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from kpi_pipeline.errors import Place
from kpi_pipeline.names import Named
from kpi_pipeline.project import Project

Level = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """Something in the definitions that works but is known to go wrong."""

    rule: str
    level: Level
    subject: str
    message: str
    hint: str
    place: Place | None

    def __str__(self) -> str:
        where = f"{self.place}  " if self.place else ""
        return f"{where}{self.level} {self.rule}: {self.message}\nHint: {self.hint}"


@dataclass(frozen=True)
class Remark:
    """What a rule says about one definition; `findings` adds the place and leaves out what is excused."""

    kind: str
    about: Named
    message: str
    hint: str
    key: str = ""


@dataclass(frozen=True)
class Rule:
    """A lint rule; `title` says what it looks for."""

    code: str
    level: Level
    title: str
    look: Callable[[Project], Iterator[Remark]]
