"""Reviews that were held: who looked at a KPI, what was decided, who does what until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pydantic import Field

from kpi_pipeline.names import Name, Noun
from kpi_pipeline.periods import DayGrain, FirstDay, Window, shift_day
from kpi_pipeline.status import Status


class Action(Noun):
    """Something that somebody is to do because of a review."""

    what: str = Field(min_length=1, description="what is to be done")
    who: str = Field(min_length=1, description="who does it: a name of `people`, or any name")
    by: FirstDay = Field(description="until when, such as 2010-12-31")

    def __str__(self) -> str:
        return f"{self.what} ({self.who}, by {self.by})"


class HeldReview(Noun):
    """A review of a KPI that was held, and what came of it; appended by `kpi review`, never changed afterwards."""

    kpi: Name = Field(description="the KPI that was looked at, by its name of now or an earlier one")
    on: FirstDay = Field(description="the day it was held, such as 2010-12-14")
    by: str = Field(min_length=1, description="who held it: a name of `people`, or any name")
    decision: str = Field(min_length=1, description="what was decided, if only to go on as before")
    actions: tuple[Action, ...] = Field(default=(), description="who does what until when")
    status_then: Status | None = Field(default=None, description="the KPI's status that people looked at")
    value_then: float | None = Field(default=None, description="the KPI's value that people looked at")


@dataclass(frozen=True)
class ReviewDue:
    """A KPI's rhythm of reviews on some day: when it was looked at last, when it is to be again."""

    kpi: str
    owner: str | None
    every: DayGrain
    last: date | None
    due: date | None
    today: date | None

    @property
    def days_overdue(self) -> int:
        """How many days ago it was due; 0 on the day itself, before it, and where no day is known."""
        return max((self.today - self.due).days, 0) if self.due and self.today else 0


def due_after(last: date, every: DayGrain) -> date:
    """The day by which the next review is to be held.

    >>> from kpi_pipeline.periods import Grain
    >>> due_after(date(2010, 1, 31), Grain.month), due_after(date(2010, 12, 1), Grain.year)
    (datetime.date(2010, 2, 28), datetime.date(2011, 12, 1))
    """
    return shift_day(last, Window(1, every), back=False)
