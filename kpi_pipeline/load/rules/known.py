"""What rules know beside the definitions: the day, what was published of each KPI, what the evidence says of links."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class Point:
    """A KPI's total in one complete period, and what it should have been."""

    period: date
    value: float | None
    low: float | None = None
    high: float | None = None
    """The bounds of what is as wished; `at_least` has only a low one, `at_most` only a high one."""


def values_of(points: Iterable[Point]) -> list[float]:
    """The values of the periods that have one, in order."""
    return [one.value for one in points if one.value is not None]


@dataclass(frozen=True)
class Known:
    """What was found out about the KPIs; empty where nothing was.

    `days` says what counts as today for a KPI, `series` gives its complete periods in order, `verdicts` what the
    evidence says of a link from one KPI to another. `has_data` is false where no published values were looked at.
    """

    days: Mapping[str, date] = field(default_factory=dict)
    series: Mapping[str, tuple[Point, ...]] = field(default_factory=dict)
    verdicts: Mapping[tuple[str, str], str] = field(default_factory=dict)
    has_data: bool = False


NOTHING_KNOWN = Known()
