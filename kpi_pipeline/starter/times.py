"""Dates as people write them, and which of a table's times says when a row happened."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import cache
from itertools import pairwise
from statistics import median

from kpi_pipeline.periods import Grain
from kpi_pipeline.starter.naming import words_of
from kpi_pipeline.starter.table import Column, Rhythm
from kpi_pipeline.starter.vocabulary import ABOUT_A_PERSON, AFTERWARDS, HAPPENED, TIMELIKE

DATES = (
    "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d",
    "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%m-%y", "%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%d %B %Y", "%b %d, %Y",
    "%B %d, %Y", "%b %d %Y",
)  # fmt: skip
CLOCKS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", ", %H:%M", ", %H:%M:%S", "T%H:%M:%S")
MONTHS = ("%Y-%m", "%m/%Y", "%m.%Y", "%Y/%m", "%b %Y", "%B %Y", "%b-%y", "%b-%Y")
DIGITS = "%Y%m%d"
"""Also a plain number, so only in a column that is named like a date."""

ISO = r"\d{4}-\d{1,2}-\d{1,2}([ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s?(Z|[+-]\d{2}(:?\d{2})?)?)?"
ISO_DATE = r"\d{4}-\d{1,2}-\d{1,2}"

PARTS = {
    "%d": r"\d{1,2}", "%m": r"\d{1,2}", "%Y": r"\d{4}", "%y": r"\d{2}", "%H": r"\d{1,2}", "%I": r"\d{1,2}",
    "%M": r"\d{2}", "%S": r"\d{2}", "%f": r"\d{1,6}", "%p": "[AaPp][Mm]", "%b": "[A-Za-z]{3}", "%B": "[A-Za-z]{3,9}",
}  # fmt: skip

NEVER = -5
"""A score below this is no time at which rows happen."""


def pattern_of(form: str) -> str:
    r"""The regular expression of a format: strptime alone takes 12/3/4 for a date of the year 4.

    >>> print(pattern_of("%d.%m.%Y %H:%M"))
    \d{1,2}\.\d{1,2}\.\d{4} \d{1,2}:\d{2}
    """
    return "".join(PARTS.get(part) or re.escape(part) for part in re.findall(r"%[a-zA-Z]|.", form)).replace(r"\ ", " ")


def formats_of(values: Sequence[str], *, named_like_a_date: bool) -> list[str]:
    """The formats that nearly all of these texts are written in.

    >>> formats_of(["11/23/2015", "11/30/2015"], named_like_a_date=True)
    ['%m/%d/%Y']
    >>> formats_of(["5/3/2016 12:00", "29/2/2016 01:16"], named_like_a_date=True)
    ['%d/%m/%Y %H:%M']
    """
    candidates = [f"{day}{clock}" for day in DATES for clock in CLOCKS] + list(MONTHS)
    if named_like_a_date:
        candidates.append(DIGITS)
    return [one for one in candidates if _share_written(values, one) >= 0.98]


def has_clock(form: str) -> bool:
    """Whether the format says a time of day."""
    return "%H" in form or "%I" in form


def named_like_a_date(name: str) -> bool:
    """Whether a column's name says that it holds times.

    >>> named_like_a_date("DateKey"), named_like_a_date("Menge")
    (True, False)
    """
    return bool(set(words_of(name)) & TIMELIKE) or "datum" in name.lower() or name.lower().endswith("date")


def time_score(column: Column) -> float:
    """How likely the column says when a row happened; the higher the better."""
    words = set(words_of(column.name))
    score = 3.0 if column.is_complete else 2.0 * column.share_present
    score += 2 * bool(words & HAPPENED) + bool(words & TIMELIKE) - 3 * bool(words & AFTERWARDS)
    if words & ABOUT_A_PERSON:
        score -= 20
    if column.share_present < 0.5:
        score -= 20
    if column.rows and column.future > 0.05 * column.rows:
        score -= 3
    return score


def best_time(columns: Iterable[Column]) -> Column | None:
    """The column that says when a row happened; the first of equals, None where none does."""
    times = [one for one in columns if one.is_time and one.present]
    best = max(times, key=time_score, default=None)
    return best if best and time_score(best) > NEVER else None


def rhythm_of(days: Sequence[date]) -> Rhythm:
    """How the rows lie in time, from the different days that have any.

    >>> rhythm_of([date(2024, 1, 1), date(2024, 1, 8), date(2024, 1, 15), date(2024, 1, 22)]).cadence.value
    'week'
    """
    days = sorted(days)
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    usual = median(gaps) if len(gaps) >= 3 else 1
    cadence = next(
        (
            grain
            for grain, least in ((Grain.year, 350), (Grain.quarter, 85), (Grain.month, 27), (Grain.week, 6.5))
            if usual >= least
        ),
        Grain.day,
    )
    weekdays = {day.weekday() for day in days}
    weekday = weekdays.pop() if cadence is Grain.week and len(weekdays) == 1 else None
    return Rhythm(days[0], days[-1], len(days), cadence, weekday)


def _share_written(values: Sequence[str], form: str) -> float:
    shape = _shape(form)
    if not any(shape.fullmatch(value) for value in values[:5]):
        return 0.0
    good = sum(1 for value in values if shape.fullmatch(value) and _parses(value, form))
    return good / len(values) if values else 0.0


@cache
def _shape(form: str) -> re.Pattern[str]:
    return re.compile(pattern_of(form))


def _parses(value: str, form: str) -> bool:
    try:
        year = datetime.strptime(value, form).year  # noqa: DTZ007 - only whether it can be read
    except ValueError:
        return False
    return 1900 <= year <= 2100
