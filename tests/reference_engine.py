"""The engine again, slow and obvious: plain Python over a list of rows, for other tests to compare with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

Key = tuple[date, str | None]


@dataclass(frozen=True)
class Row:
    """A sale: its day, where, who, how much; anything but the day may be missing."""

    day: date
    country: str | None
    customer: str | None
    amount: Decimal | None


def total(rows: Iterable[Row]) -> Decimal | None:
    """The sum of the amounts that are there; none where no amount is."""
    amounts = [row.amount for row in rows if row.amount is not None]
    return sum(amounts, Decimal(0)) if amounts else None


def count(rows: Iterable[Row]) -> int:
    """How many rows there are."""
    return len(list(rows))


def customers(rows: Iterable[Row]) -> int:
    """How many different customers the rows name."""
    return len({row.customer for row in rows if row.customer is not None})


def smallest(rows: Iterable[Row]) -> Decimal | None:
    """The smallest amount."""
    return min((row.amount for row in rows if row.amount is not None), default=None)


def average(rows: Iterable[Row]) -> float | None:
    """The mean of the amounts that are there."""
    amounts = [row.amount for row in rows if row.amount is not None]
    return float(sum(amounts, Decimal(0))) / len(amounts) if amounts else None


def percentile(share: float) -> Callable[[Iterable[Row]], float | None]:
    """The value that lies a share of the way through the sorted amounts, between its two neighbours."""

    def of(rows: Iterable[Row]) -> float | None:
        amounts = sorted(float(row.amount) for row in rows if row.amount is not None)
        if not amounts:
            return None
        place = share * (len(amounts) - 1)
        below = int(place)
        above = min(below + 1, len(amounts) - 1)
        return amounts[below] + (amounts[above] - amounts[below]) * (place - below)

    return of


def average_per_customer(rows: Iterable[Row]) -> float | None:
    """The total divided by the customers; none without customers."""
    here = list(rows)
    amount, people = total(here), customers(here)
    return float(amount) / people if amount is not None and people else None


Aggregate = Callable[[list[Row]], object]


def by_period(rows: list[Row], start_of: Callable[[date], date], aggregate: Aggregate) -> Mapping[Key, object]:
    """The aggregate of the rows of each period and country that has any."""
    groups: dict[Key, list[Row]] = {}
    for row in rows:
        groups.setdefault((start_of(row.day), row.country), []).append(row)
    return {key: aggregate(group) for key, group in groups.items()}


def trailing(rows: list[Row], last: date, days: int, aggregate: Aggregate) -> object:
    """The aggregate of the rows of the `days` days that end with `last`; none where there are no rows."""
    window = [row for row in rows if last - timedelta(days=days) < row.day <= last]
    return aggregate(window) if window else None


def month_of(day: date) -> date:
    """The first day of the day's month."""
    return day.replace(day=1)


def week_of(day: date) -> date:
    """The Monday of the day's week."""
    return day - timedelta(days=day.weekday())


def month_before(month: date) -> date:
    """The first day of the month before."""
    return month_of(month - timedelta(days=1))
