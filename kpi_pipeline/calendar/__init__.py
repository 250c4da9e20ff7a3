"""The business calendar: every period of every grain as a row of one table.

Offsets, previous periods, last year, fiscal and retail years are look-ups here, never date arithmetic in a metric.
"""

from kpi_pipeline.calendar.build import build_calendar
from kpi_pipeline.calendar.calendar import Calendar
from kpi_pipeline.calendar.cut_short import cut_short
from kpi_pipeline.calendar.fits import MONTHS_IN, fits
from kpi_pipeline.calendar.retail import PATTERNS, RetailYear, YearEnd
from kpi_pipeline.calendar.rules import CalendarRules
from kpi_pipeline.calendar.table import DayTable, day_table
from kpi_pipeline.calendar.words import MONTHS, WEEKDAYS

__all__ = [
    "MONTHS",
    "MONTHS_IN",
    "PATTERNS",
    "WEEKDAYS",
    "Calendar",
    "CalendarRules",
    "DayTable",
    "RetailYear",
    "YearEnd",
    "build_calendar",
    "cut_short",
    "day_table",
    "fits",
]
