"""Grains, windows and the dates people write for periods."""

from __future__ import annotations

import calendar as gregorian
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema


class Grain(StrEnum):
    """How long a period is, finest first."""

    hour = "hour"
    day = "day"
    week = "week"
    month = "month"
    quarter = "quarter"
    year = "year"

    @property
    def rank(self) -> int:
        """Its place from finest (0) to coarsest.

        >>> Grain.day.rank < Grain.month.rank
        True
        """
        return list(Grain).index(self)


@dataclass(frozen=True)
class Window:
    """A length of time by the calendar: 28 days, 4 weeks, 1 year.

    >>> Window.parse("28 days")
    Window(count=28, grain=<Grain.day: 'day'>)
    >>> str(Window(1, Grain.year))
    '1 year'
    """

    count: int
    grain: Grain

    @classmethod
    def parse(cls, text: str) -> Window:
        """The length of time that a text such as `28 days` names; ValueError where it names none."""
        match = re.fullmatch(r"\s*(\d+)\s+([a-z]+?)s?\s*", text)
        if not match or match[2] not in Grain.__members__:
            raise ValueError(f"'{text}' is not a length of time; write it like '28 days', '4 weeks' or '1 year'")
        if int(match[1]) < 1:
            raise ValueError("a length of time is at least 1")
        return cls(int(match[1]), Grain(match[2]))

    def __str__(self) -> str:
        return f"{self.count} {self.grain}{'s' if self.count != 1 else ''}"


@dataclass(frozen=True)
class ToGrain:
    """Back to the beginning of the longer period that a period lies in: since the month began.

    >>> str(ToGrain(Grain.month))
    'at the start of the month'
    """

    grain: Grain

    def __str__(self) -> str:
        return f"at the start of the {self.grain}"


OF_DAYS = tuple(grain for grain in Grain if grain is not Grain.hour)
"""The grains whose periods are whole business days."""

Shift = Window | ToGrain
"""A way back in time: a length of it, or to where a longer period began."""


def _as_window(value: Any) -> Any:
    return Window.parse(value) if isinstance(value, str) else value


WindowText = Annotated[
    Window,
    BeforeValidator(_as_window),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "pattern": r"^\d+ (hour|day|week|month|quarter|year)s?$"}),
]


def _whole_days(value: Window) -> Window:
    if value.grain is Grain.hour:
        raise ValueError(f"'{value}' is no number of days; write it like '3 days' or '2 weeks'")
    return value


DaysText = Annotated[
    Window,
    BeforeValidator(_as_window),
    AfterValidator(_whole_days),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "pattern": r"^\d+ (day|week|month|quarter|year)s?$"}),
]
"""A length of time in days or longer."""


def _of_whole_days(value: Grain) -> Grain:
    if value is Grain.hour:
        raise ValueError(f"'hour' is no period of whole days; write one of {', '.join(OF_DAYS)}")
    return value


DayGrain = Annotated[
    Grain, AfterValidator(_of_whole_days), WithJsonSchema({"type": "string", "enum": [one.value for one in OF_DAYS]})
]
"""A period of days or longer."""


def whole_periods(window: Window, grain: Grain) -> int | None:
    """How many periods of a grain a length of time is, if that is a whole number.

    >>> whole_periods(Window(28, Grain.day), Grain.week), whole_periods(Window(1, Grain.year), Grain.month)
    (4, 12)
    >>> whole_periods(Window(1, Grain.month), Grain.week)
    >>> whole_periods(Window(1, Grain.day), Grain.hour)

    A day is no number of hours: where the clocks change it has 23 or 25.
    """
    for unit in ({Grain.hour: 1}, {Grain.day: 1, Grain.week: 7}, {Grain.month: 1, Grain.quarter: 3, Grain.year: 12}):
        if window.grain in unit and grain in unit:
            periods, rest = divmod(window.count * unit[window.grain], unit[grain])
            return periods if rest == 0 else None
    return None


def shift_day(day: date, window: Window, *, back: bool = True) -> date:
    """The day that lies a window before (or after); a day the month does not have becomes its last one.

    >>> shift_day(date(2010, 3, 31), Window(1, Grain.month))
    datetime.date(2010, 2, 28)
    >>> shift_day(date(2010, 1, 3), Window(2, Grain.week), back=False)
    datetime.date(2010, 1, 17)
    """
    if window.grain is Grain.hour:
        raise ValueError(f"a day cannot be moved by {window}")
    count = -window.count if back else window.count
    if window.grain is Grain.day:
        return day + timedelta(days=count)
    if window.grain is Grain.week:
        return day + timedelta(weeks=count)
    months = count * {Grain.month: 1, Grain.quarter: 3, Grain.year: 12}[window.grain]
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, gregorian.monthrange(year, month + 1)[1]))


def moment_before(moment: datetime, window: Window) -> datetime:
    """The moment that lies a window before, at the same time of day unless the window is of hours.

    >>> moment_before(datetime(2024, 3, 31, 6), Window(1, Grain.month)).isoformat()
    '2024-02-29T06:00:00'
    """
    if window.grain is Grain.hour:
        return moment - timedelta(hours=window.count)
    return datetime.combine(shift_day(moment.date(), window), moment.timetz())


def hour_named(text: str) -> int | None:
    """The hour of its day that a text such as 2024-03-31T02 names; None where it names a day or a longer period.

    >>> hour_named("2024-03-31T02"), hour_named("2024-03-31 14:00"), hour_named("2024-03")
    (2, 14, None)
    """
    match = re.fullmatch(r"\d{4}-\d{2}-\d{2}[T ](\d{2})(:00)?", text.strip())
    return int(match[1]) if match and int(match[1]) < 24 else None


def first_day_named(text: str) -> date:
    """The first day that a date, month, quarter, ISO week or year names.

    >>> first_day_named("2010-09"), first_day_named("2010-Q2"), first_day_named("2010-W01")
    (datetime.date(2010, 9, 1), datetime.date(2010, 4, 1), datetime.date(2010, 1, 4))
    """
    return _span_named(text)[0]


def day_after_named(text: str) -> date:
    """The day after the last one that a date, month, quarter, ISO week or year names.

    >>> day_after_named("2010-09"), day_after_named("2010-12-09")
    (datetime.date(2010, 10, 1), datetime.date(2010, 12, 10))
    """
    return _span_named(text)[1]


def _span_named(text: str) -> tuple[date, date]:
    text = text.strip()
    if hour_named(text) is not None:
        text = text[:10]
    try:
        if re.fullmatch(r"\d{4}", text):
            return date(int(text), 1, 1), date(int(text) + 1, 1, 1)
        if re.fullmatch(r"\d{4}-\d{2}", text):
            first = date.fromisoformat(f"{text}-01")
            return first, shift_day(first, Window(1, Grain.month), back=False)
        if match := re.fullmatch(r"(\d{4})-?[Qq]([1-4])", text):
            first = date(int(match[1]), 3 * int(match[2]) - 2, 1)
            return first, shift_day(first, Window(1, Grain.quarter), back=False)
        if match := re.fullmatch(r"(\d{4})-?W(\d{2})", text):
            first = date.fromisocalendar(int(match[1]), int(match[2]), 1)
            return first, first + timedelta(weeks=1)
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            first = date.fromisoformat(text)
            return first, first + timedelta(days=1)
    except (ValueError, OverflowError) as problem:
        raise ValueError(f"'{text}' is not a date: {problem}") from None
    raise ValueError(f"'{text}' is not a date; write 2010-09-30, 2010-09, 2010-Q3, 2010-W39 or 2010")


def _as_first_day(value: Any) -> Any:
    return first_day_named(value) if isinstance(value, str) else value


FirstDay = Annotated[
    date,
    BeforeValidator(_as_first_day),
    WithJsonSchema({"type": "string", "description": "2010-09-30, 2010-09, 2010-Q3, 2010-W39 or 2010"}),
]


def _as_last_day(value: Any) -> Any:
    return day_after_named(value) - timedelta(days=1) if isinstance(value, str) else value


LastDay = Annotated[
    date,
    BeforeValidator(_as_last_day),
    WithJsonSchema({"type": "string", "description": "the last day of 2010-09, 2010-Q3, 2010-W39 or 2010; or a day"}),
]
