"""Cohorts: entities by their first row, and the days on which they were seen."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kpi_pipeline.errors import counted
from kpi_pipeline.periods import Grain
from kpi_pipeline.plan.joins import Joined
from kpi_pipeline.plan.matching import Side
from kpi_pipeline.plan.model_plan import ModelPlan

PREVIOUS = "_previous"
"""The column that holds the day on which an entity was seen before; NULL on its first."""


@dataclass(frozen=True)
class Cohorts:
    """Each day on which an entity was seen, with the entity's first row and the day it was seen before.

    `rows` has the entity as its only key. `ties` orders first rows of the same moment; the first one counts.
    """

    rows: Side
    ties: tuple[str, ...]

    @property
    def models(self) -> tuple[ModelPlan, ...]:
        """The models whose rows it reads."""
        return self.rows.models

    @property
    def joined(self) -> tuple[Joined, ...]:
        """The columns that its rows get."""
        return self.rows.joined

    def __str__(self) -> str:
        return f"days on which {self.rows.keys[0]} was seen in {self.rows}"


ADD_UP_TO = {
    Grain.week: (Grain.week,),
    Grain.month: (Grain.month, Grain.quarter, Grain.year),
    Grain.quarter: (Grain.quarter, Grain.year),
    Grain.year: (Grain.year,),
}


def add_up(cohorts: Grain, grain: Grain) -> bool:
    """Whether each period of a grain is made of whole cohorts.

    >>> add_up(Grain.month, Grain.quarter), add_up(Grain.month, Grain.day), add_up(Grain.week, Grain.month)
    (True, False, False)
    """
    return grain in ADD_UP_TO.get(cohorts, (grain,)) and grain.rank >= cohorts.rank


@dataclass(frozen=True)
class Ages:
    """In which periods after that of its first row an entity must be seen: the first and the last that count.

    Only cohorts that have come to the first one count. `whole`: all of these, seen or not. `each`: every age from the
    first to the last is told apart, without a last one as many as there are; `oldest` is the last one then.

    >>> str(Ages(Grain.month, 1, 1))
    'seen 1 month after the first'
    """

    grain: Grain
    first: int
    last: int | None
    oldest: int | None = None
    whole: bool = False
    each: bool = False

    @property
    def everybody(self) -> Ages:
        """All of each cohort, however old it is; where ages are told apart, once an age that it has come to."""
        return replace(self, whole=True) if self.each else Ages(self.grain, 0, 0, whole=True)

    @property
    def told_apart(self) -> Ages:
        """The same seen at every age, one by one."""
        return replace(self, first=0, last=self.oldest, each=True)

    def __str__(self) -> str:
        if self.each:
            return f"{'that have come to' if self.whole else 'seen at'} each age, in {self.grain}s after the first"
        if self.whole:
            length = counted(self.first, self.grain)
            return f"first seen {length} ago or earlier" if self.first else "ever seen"
        span = str(self.first) if self.first == self.last else f"{self.first} to {self.last}"
        return f"seen {span} {self.grain}{'' if span == '1' else 's'} after the first"
