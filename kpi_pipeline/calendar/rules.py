"""What a project says of its calendar."""

from __future__ import annotations

from dataclasses import dataclass

from kpi_pipeline.calendar.retail import RetailYear
from kpi_pipeline.calendar.table import DayTable
from kpi_pipeline.calendar.words import MONTHS, WEEKDAYS


@dataclass(frozen=True)
class CalendarRules:
    """On which weekday a week begins, in which month a year begins, and in which zone a day begins.

    A retail year has weeks, months and quarters of its own; a table of days says which week, month, quarter and year
    each day is in, as far as it has columns for them.
    """

    week_start: str = "monday"
    year_start: str = "january"
    timezone: str = "UTC"
    retail: RetailYear | None = None
    table: DayTable | None = None

    @property
    def weekday(self) -> int:
        """1 for Monday to 7 for Sunday."""
        return WEEKDAYS.index(self.week_start) + 1

    @property
    def month(self) -> int:
        """1 for January to 12 for December."""
        return MONTHS.index(self.year_start) + 1
