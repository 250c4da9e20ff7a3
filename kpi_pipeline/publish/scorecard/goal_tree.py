"""The tree of goals, each with how it stands."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kpi_pipeline.goals import Framework, Perspective
from kpi_pipeline.kpis import share_written
from kpi_pipeline.publish.scorecard.book import Book
from kpi_pipeline.publish.scorecard.standing import Standing


@dataclass(frozen=True)
class Branch:
    """A goal, how it stands, and the goals below it."""

    name: str
    label: str
    statement: str
    framework: str
    perspective: str
    team: str
    weight: float
    standing: Standing | None
    below: tuple[Branch, ...]
    kpis: int
    share: str = ""
    """How much of the score above it makes."""

    @property
    def all_below(self) -> int:
        """How many goals there are below it, at any depth."""
        return sum(1 + one.all_below for one in self.below)

    def sharing(self, together: float) -> Branch:
        """The same, with its share of all weights of the goal above."""
        return replace(self, share=share_written(self.weight / together)) if together else self


def branches_of(book: Book, above: str | None = None) -> tuple[Branch, ...]:
    """The goals below one, or those that stand at the top; each with all below it."""
    names = book.goals_below.get(above, ())
    return tuple(replace(branch_of(book, name), below=branches_of(book, name)) for name in names)


def branch_of(book: Book, name: str) -> Branch:
    """One goal on its own, without those below."""
    goal = book.goals[name]
    return Branch(
        name=name,
        label=book.goal_titles[name],
        statement=goal["statement"] or "",
        framework=Framework(goal["framework"]).label if goal["framework"] else "",
        perspective=Perspective(goal["perspective"]).label if goal["perspective"] else "",
        team=book.around.teams.get(goal["team"] or "", ""),
        weight=goal["weight"] or 0.0,
        standing=book.standings.get(name),
        below=(),
        kpis=len(book.served.get(name, [])),
    )
