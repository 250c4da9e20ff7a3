"""What a rule is: a code, what it looks for and why, an example of bad and one of good, and what finds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from kpi_pipeline.errors import Place
from kpi_pipeline.links import Link
from kpi_pipeline.load.kinds import link_name
from kpi_pipeline.load.rules.known import Known
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
    about: Named | Link
    message: str
    hint: str
    key: str = ""


@dataclass(frozen=True)
class Example:
    """Definitions that a rule speaks about, or has nothing to say about; keys that do not matter are left out.

    Rules that look at data have it beside them: the values of a KPI's latest complete months, and what the evidence
    says of a link, such as `calls->sales`.
    """

    definitions: str
    values: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    verdicts: Mapping[str, str] = field(default_factory=dict)


def called(about: Named | Link) -> str:
    """The name of a definition; of a link, which has none, the names of both ends."""
    return link_name(about.from_, about.to) if isinstance(about, Link) else about.name


def nothing(_: Project) -> Iterator[Remark]:
    """What a rule finds that looks only at data."""
    return iter(())


@dataclass(frozen=True)
class Rule:
    """A lint rule; `title` says what it looks for, `reason` why that goes wrong in practice.

    `look` finds it in the definitions; `look_at_data`, where there is one, in what was published of them and on the
    calendar.
    """

    code: str
    level: Level
    title: str
    look: Callable[[Project], Iterator[Remark]]
    reason: str
    bad: Example
    good: Example
    look_at_data: Callable[[Project, Known], Iterator[Remark]] | None = None
    needs_values: bool = False
    """Whether it says more where published values are known."""

    def remarks(self, project: Project, known: Known) -> Iterator[Remark]:
        """Everything it finds, excused or not."""
        yield from self.look(project)
        if self.look_at_data:
            yield from self.look_at_data(project, known)
