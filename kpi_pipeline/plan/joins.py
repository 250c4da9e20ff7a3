"""Columns that a model's rows get beside their own: from other models, from calendars, from the clock."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from kpi_pipeline.periods import Grain
from kpi_pipeline.plan.fingerprints import fingerprint
from kpi_pipeline.plan.model_plan import ModelPlan


class DatePart(StrEnum):
    """A part of a date or a time of day: weeks and years as on the wall, Monday is day 1 of the week."""

    year = "year"
    quarter = "quarter"
    month = "month"
    week = "week"
    day = "day"
    dow = "dow"
    doy = "doy"
    hour = "hour"


@dataclass(frozen=True)
class Hop:
    """A step from a row to the one row of another model that its key points to.

    `path` names the entities and models come through, such as `customer in customers, region in regions`; `before` is
    the path come from, empty for the row itself. Keys are SQL over the columns of the model they stand in. With a
    validity (two time dimensions of the model) it is the row that is valid at the time at which the first row counts.
    """

    path: str
    before: str
    entity: str
    model: ModelPlan
    key_before: str
    key: str
    validity: tuple[str, str] | None = None

    def __str__(self) -> str:
        valid = f", valid from {self.validity[0]} until {self.validity[1]}" if self.validity else ""
        return f"{self.entity} -> {self.model.table} ({self.key_before} = {self.key}{valid})"


class Joined(Protocol):
    """A column that each row gets beside those of its model's table."""

    @property
    def name(self) -> str:
        """What expressions call it."""
        ...

    @property
    def models(self) -> tuple[ModelPlan, ...]:
        """The models it is looked up in."""
        ...

    @property
    def hops(self) -> tuple[Hop, ...]:
        """The steps along entities that its value rests on."""
        ...

    @property
    def uses_calendar(self) -> bool:
        """Whether it is looked up among the days of the calendar."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes when it would hold something else, as far as definitions go."""
        ...


@dataclass(frozen=True)
class JoinedColumn:
    """A column that each row gets: a dimension of the model at the end of the hops, or its period, or a part of it.

    Without hops it is about the row itself. The period is that of the project's calendar, by its first day.
    """

    name: str
    hops: tuple[Hop, ...]
    dimension: str
    of_time: Grain | DatePart | None = None

    @property
    def models(self) -> tuple[ModelPlan, ...]:
        """The models it is looked up in."""
        return tuple(hop.model for hop in self.hops)

    @property
    def uses_calendar(self) -> bool:
        """Whether it is a period of the project's calendar, longer than a day."""
        return isinstance(self.of_time, Grain) and self.of_time is not Grain.day

    @property
    def fingerprint(self) -> str:
        """Changes when it would hold something else, as far as definitions go."""
        hops = [(str(hop), hop.before, hop.model.fingerprint) for hop in self.hops]
        return fingerprint(self.name, hops, self.dimension, self.of_time)

    def __str__(self) -> str:
        what = f"{self.of_time} of {self.dimension}" if self.of_time else self.dimension
        return f"{self.name} = {what}" + "".join(f", over {hop}" for hop in self.hops)
