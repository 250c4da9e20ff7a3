"""Days, moments and periods as people write them."""

from __future__ import annotations

import re
from calendar import month_name
from datetime import date, datetime, timedelta
from functools import lru_cache

from kpi_pipeline.kpis import MISSING, NBSP


@lru_cache(maxsize=10_000)
def period_written(label: str) -> str:
    """A period's label in words; one of a calendar of its own stays what it is.

    >>> period_written("2010-W47"), period_written("2010-11"), period_written("2010-12-09")
    ('Week\\xa047, 2010', 'November 2010', '9\\xa0December 2010')
    >>> period_written("2010-Q4"), period_written("2010"), period_written("FY2011-Q2")
    ('Q4 2010', '2010', 'FY2011-Q2')
    """
    if match := re.fullmatch(r"(\d{4})-W(\d{2})", label):
        return f"Week{NBSP}{int(match[2])}, {match[1]}"
    if match := re.fullmatch(r"(\d{4})-Q([1-4])", label):
        return f"Q{match[2]} {match[1]}"
    if match := re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", label):
        return f"{month_name[int(match[2])]} {match[1]}"
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", label):
        return day_written(date.fromisoformat(label))
    return label


def day_written(day: date | None) -> str:
    """A day; a missing one is a dash.

    >>> day_written(date(2010, 12, 9)), day_written(None)
    ('9\\xa0December 2010', '–')
    """
    return f"{day.day}{NBSP}{month_name[day.month]} {day.year}" if day else MISSING


def day_before(day: date | None) -> date | None:
    """The last day of a stretch that ends, in the tables, with the first day after it."""
    return day - timedelta(days=1) if day else None


def moment_written(moment: datetime | None) -> str:
    """A moment of the tables, which is in UTC.

    >>> moment_written(datetime(2010, 12, 9, 6, 5))
    '9\\xa0December 2010, 06:05 UTC'
    """
    return f"{day_written(moment)}, {moment:%H:%M} UTC" if moment else MISSING


def span_written(first: date | None, last: date | None) -> str:
    """A stretch of days, both included; the year once where it is the same.

    >>> span_written(date(2010, 1, 1), date(2010, 12, 31))
    '1\\xa0January to 31\\xa0December 2010'
    """
    if first is None or last is None:
        return ""
    begin = f"{first.day}{NBSP}{month_name[first.month]}" if first.year == last.year else day_written(first)
    return f"{begin} to {day_written(last)}"


def is_past(due: date | None, today: date | None) -> bool:
    """Whether a day lies before the one that counts as today; by what the data has come to, not by a clock."""
    return bool(due and today and due < today)
