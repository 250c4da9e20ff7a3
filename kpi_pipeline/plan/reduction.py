"""Reductions: one pass over a model's rows for all measures that can share it."""

from __future__ import annotations

from dataclasses import dataclass

from kpi_pipeline.names import TableRef
from kpi_pipeline.periods import Grain
from kpi_pipeline.plan.cohorts import Cohorts
from kpi_pipeline.plan.fingerprints import fingerprint
from kpi_pipeline.plan.joins import Joined
from kpi_pipeline.plan.matching import Matching
from kpi_pipeline.plan.measure import Measure, Shape
from kpi_pipeline.plan.stock import Interval, Snapshot


@dataclass(frozen=True)
class Reduction:
    """One pass over a model's rows: the finest period (a business day), the dimensions asked for, and partial results.

    Additive: one row a day and segment, with a column a measure. Distinct: the keys seen. Values: the values seen.
    States: what rows said at the moments of a day that count. Intervals: until which day rows last.
    """

    model: str
    time: str
    shape: Shape
    dimensions: tuple[str, ...]
    measures: tuple[Measure, ...]
    where: str = ""
    joined: tuple[Joined, ...] = ()
    """The columns that its rows get beside those of the model's table."""
    finest: Grain = Grain.day
    """The finest period: a business day or, for what is asked by hour, an hour beside its day."""

    @property
    def events(self) -> Matching | Cohorts | None:
        """The events it is about, where these are not the rows of the model."""
        return self.measures[0].events

    @property
    def expr(self) -> str:
        """What is counted or collected by the shapes that look at one expression."""
        return self.measures[0].expr

    @property
    def all_joined(self) -> tuple[Joined, ...]:
        """The columns that its rows get, and those that the rows of its events get."""
        return (*self.joined, *(self.events.joined if self.events else ()))

    @property
    def looked_up(self) -> tuple[str, ...]:
        """The models beside its own in which it looks something up for its rows, or that its events are of."""
        joined = {model.name for one in self.joined for model in one.models}
        return tuple(sorted(joined | {one.name for one in self.events.models} if self.events else joined))

    @property
    def stock(self) -> Snapshot | Interval | None:
        """What its measures count of a period, where they are stocks."""
        return self.measures[0].stock

    @property
    def table(self) -> TableRef:
        """Where its partial results are kept."""
        first = self.measures[0]
        about = f"__{fingerprint(first.about)[:8]}" if first.about else ""
        by_hour = "__hour" if self.finest is Grain.hour else ""
        return TableRef("partial", f"{self.model}__{self.time}__{self.shape}{about}{by_hour}")

    @property
    def fingerprint(self) -> str:
        """Changes when its partial results would change."""
        parts = sorted((one.column, one.fold, one.expr, one.filter, one.about) for one in self.measures)
        joined = [one.fingerprint for one in self.joined]
        return fingerprint(self.model, self.time, self.shape, self.dimensions, parts, self.where, joined)
