"""The calendar a project goes by, where it is not the usual one."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from kpi_pipeline.calendar.retail import RetailYear, YearEndText
from kpi_pipeline.names import Name, Noun


class CalendarColumns(Noun):
    """Which columns of a calendar table say what; whatever has no column is as in the usual calendar.

    A column says which week a day is in by having one value for all days of a week and another for the next one: the
    first day of the week, its number or its name. A whole number is taken for the period's number (of a year: for the
    year), by which last year's period is found.
    """

    day: str = Field(default="day", description="the column with the day; one row for every day, none missing")
    week: str | None = Field(default=None, description="the column with the week; by default `week_start` if there")
    month: str | None = Field(default=None, description="the column with the month; by default `month_start` if there")
    quarter: str | None = Field(
        default=None, description="the column with the quarter; by default `quarter_start` if there"
    )
    year: str | None = Field(default=None, description="the column with the year; by default `year_start` if there")
    week_label: str | None = Field(default=None, description="the column with what the week is called")
    month_label: str | None = Field(default=None, description="the column with what the month is called")
    quarter_label: str | None = Field(default=None, description="the column with what the quarter is called")
    year_label: str | None = Field(default=None, description="the column with what the year is called")


class BusinessCalendar(Noun):
    """A calendar other than the usual one: retail years of whole weeks, or a table with a row a day.

    A retail year has 52 or 53 weeks and ends on the same weekday; its months have four or five weeks, and a 53rd week
    belongs to the last of them. Weeks begin on the day after that weekday.
    """

    retail: Literal["4-4-5", "4-5-4", "5-4-4"] | None = Field(
        default=None, description="how many weeks the three months of a quarter have"
    )
    year_ends: YearEndText | None = Field(
        default=None,
        description="the last day of a retail year: last saturday of january, or saturday nearest 31 january",
    )
    table: Name | None = Field(default=None, description="the model or source that holds the calendar, instead")
    columns: CalendarColumns = Field(
        default=CalendarColumns(), description="which columns of the table say what, where they have other names"
    )

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if bool(self.retail) == bool(self.table):
            raise ValueError("a calendar is 'retail' or a 'table': give one of the two")
        if bool(self.retail) != bool(self.year_ends):
            raise ValueError(
                "'year_ends' goes with 'retail', and one needs the other; "
                "write {retail: 4-4-5, year_ends: last saturday of january}"
            )
        if "columns" in self.model_fields_set and not self.table:
            raise ValueError("'columns' names columns of a calendar table; it goes with 'table'")
        return self

    @property
    def retail_year(self) -> RetailYear | None:
        """The retail year, where it is one."""
        return RetailYear(self.retail, self.year_ends) if self.retail and self.year_ends else None
