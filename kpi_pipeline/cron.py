"""When a schedule is due: cron's five fields, minute, hour, day of the month, month, weekday."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

NAMES = {
    3: ("", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    4: ("sun", "mon", "tue", "wed", "thu", "fri", "sat"),
}
FIRST_AND_LAST = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
SHORT = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
YEARS_AHEAD = 5


def next_due(cron: str, after: datetime) -> datetime | None:
    """The first minute after a moment at which a schedule is due; None for what is no schedule, or never due.

    >>> next_due("30 6 * * mon-fri", datetime(2024, 3, 8, 7))
    datetime.datetime(2024, 3, 11, 6, 30)
    >>> next_due("*/20 4 1,15 * *", datetime(2024, 3, 1, 4, 20))
    datetime.datetime(2024, 3, 1, 4, 40)
    """
    written = SHORT.get(cron.strip().lower(), cron).lower().split()
    try:
        fields = [_numbers(text, place) for place, text in enumerate(written)]
    except (ValueError, IndexError):
        return None
    if len(fields) != len(FIRST_AND_LAST):
        return None
    minutes, hours = fields[0], fields[1]
    start = (after + timedelta(minutes=1)).replace(second=0, microsecond=0)
    for days in range(366 * YEARS_AHEAD):
        day = (start + timedelta(days=days)).replace(hour=0, minute=0) if days else start
        if not _is_day(day, fields[2:], written[2:]):
            continue
        for hour in hours:
            for minute in minutes:
                moment = day.replace(hour=hour, minute=minute)
                if moment >= start:
                    return moment
    return None


def _is_day(day: datetime, fields: Sequence[Sequence[int]], written: Sequence[str]) -> bool:
    """Whether a day is one of the schedule's: where both days and weekdays are named, either is enough."""
    days, months, weekdays = fields
    if day.month not in months:
        return False
    of_month, of_week = day.day in days, day.isoweekday() % 7 in {one % 7 for one in weekdays}
    if "*" in (written[0][:1], written[2][:1]):
        return of_month and of_week
    return of_month or of_week


def _numbers(text: str, place: int) -> list[int]:
    """The numbers of a field in order: 1, 1-5, */15, mon,wed."""
    first, last = FIRST_AND_LAST[place]
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        low, _, high = span.partition("-")
        start = first if low == "*" else _number(low, place)
        end = last if low == "*" or (step and not high) else _number(high or low, place)
        if not first <= start <= end <= last:
            raise ValueError(text)
        found.update(range(start, end + 1, int(step or 1)))
    return sorted(found)


def _number(text: str, place: int) -> int:
    names = NAMES.get(place, ())
    return names.index(text[:3]) if text[:3] in names else int(text)
