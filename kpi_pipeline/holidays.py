"""The holidays a project names, so that readers see them beside the values they explain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from pydantic import Field, model_validator

from kpi_pipeline.names import Name, Noun
from kpi_pipeline.periods import FirstDay


class Holiday(Noun):
    """A day on which fewer people work or buy, and what it is called."""

    day: FirstDay = Field(description="the day, such as 2010-12-25")
    name: str = Field(min_length=1, description="what it is called, such as Christmas Day")


class HolidayColumns(Noun):
    """Which columns of a table of holidays say what."""

    day: str = Field(default="day", description="the column with the day; one that stands twice has both names")
    name: str = Field(default="name", description="the column with what it is called")


class Holidays(Noun):
    """The holidays: written down, or rows of a table. A list alone is all of them written down."""

    days: tuple[Holiday, ...] = Field(default=(), description="the holidays, each with day and name")
    table: Name | None = Field(default=None, description="the model or source that holds them, instead")
    columns: HolidayColumns = Field(
        default=HolidayColumns(), description="which columns of the table say what, where they have other names"
    )

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if bool(self.days) == bool(self.table):
            raise ValueError("holidays are written down or rows of a 'table': give one of the two")
        if "columns" in self.model_fields_set and not self.table:
            raise ValueError("'columns' names columns of a table of holidays; it goes with 'table'")
        return self


def days_alone(value: object) -> object:
    """A list of days is all there is to say."""
    return {"days": value} if isinstance(value, list | tuple) else value


FEW = 3
"""Up to so many holidays of a period are named; of more, their number says what there is to know."""


def holidays_said(names: Sequence[str]) -> str:
    """The holidays of a period in a few words, for the note beside its value.

    >>> holidays_said(["Good Friday", "Easter Monday"]), holidays_said(["a", "b", "c", "d"]), holidays_said([])
    ('Good Friday, Easter Monday', '4 holidays', '')
    """
    return f"{len(names)} holidays" if len(names) > FEW else ", ".join(names)
