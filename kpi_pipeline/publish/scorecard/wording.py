"""Values, targets and changes in the words of the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kpi_pipeline.kpis import MINUS, NBSP, share_written, written
from kpi_pipeline.metrics.base import Unit
from kpi_pipeline.publish.scorecard.page import Attainment, Change
from kpi_pipeline.publish.scorecard.snapshot import Row

FULL = 1.5
"""The attainment at which the bar is full; what lies beyond is only in the number."""


@dataclass(frozen=True)
class Numbers:
    """How the numbers of one KPI are written."""

    unit: Unit
    currency: str

    @classmethod
    def of(cls, kpi: Row) -> Numbers:
        return cls(Unit(kpi["unit"]), kpi["currency"] or "")

    def write(self, value: float | None, *, beside: float | None = None) -> str:
        """A value, with a true minus sign, and no more decimals than the one it stands beside.

        >>> Numbers(Unit.currency, "GBP").write(-1200)
        '−£1,200'
        """
        return written(value, self.unit, self.currency, beside=beside).replace("-", MINUS)

    def write_difference(self, value: float, *, beside: float | None = None) -> str:
        """The size of a difference, without its sign; between two shares it is in points.

        >>> Numbers(Unit.percent, "").write_difference(-0.0125)
        '1.2\\xa0points'
        """
        if self.unit is Unit.percent:
            return f"{abs(value) * 100:.1f}{NBSP}points"
        return self.write(abs(value), beside=beside)

    def write_change(self, value: float, *, beside: float | None = None) -> str:
        """A difference with its sign; what rounds to nothing has none.

        >>> Numbers(Unit.percent, "").write_change(-0.0125), Numbers(Unit.percent, "").write_change(-0.00001)
        ('−1.2\\xa0points', '0.0\\xa0points')
        """
        size = self.write_difference(value, beside=beside)
        if size == self.write_difference(0.0, beside=beside if beside is not None else value):
            return size
        return f"{MINUS if value < 0 else '+'}{size}"


def changes_of(row: Row, numbers: Numbers, grain: str) -> tuple[Change, ...]:
    """Against the period before and the same period a year ago, where there is one to compare with."""
    against = (
        (f"the {grain} before", row["change_pct"], row["previous_value"]),
        ("a year ago", row["year_over_year_pct"], row["year_ago_value"]),
    )
    return tuple(
        _change(row["value"], earlier, share, numbers, words)
        for words, share, earlier in against
        if row["value"] is not None and earlier is not None
    )


def _change(value: float, earlier: float, share: float | None, numbers: Numbers, against: str) -> Change:
    """Shares differ by points; of a negative or missing base a percentage means nothing, so that is a difference."""
    relative = share is not None and earlier > 0 and numbers.unit is not Unit.percent
    amount = f"{abs(share or 0) * 100:,.1f}{NBSP}%" if relative else numbers.write_difference(value - earlier)
    way = "level" if value == earlier else "up" if value > earlier else "down"
    return Change(way, "" if way == "level" else amount, against)


AIMS = {"at_least": "at least", "increase_to": "rise to", "at_most": "at most", "decrease_to": "fall to"}
AIMS_BY_DIRECTION = {"up": "at least", "down": "at most"}


def target_written(kpi: Row, row: Row, write: Callable[[float | None], str]) -> str:
    """What the value should be, as words: at least so much, at most, between; empty without a target."""
    if row["target_low"] is not None and row["target_high"] is not None:
        return f"between {write(row['target_low'])} and {write(row['target_high'])}"
    if row["target"] is None:
        return ""
    aim = AIMS.get(kpi["target_type"] or "") or AIMS_BY_DIRECTION.get(kpi["direction"] or "", "")
    return f"{aim} {write(row['target'])}".strip()


def attainment_of(share: float | None) -> Attainment | None:
    """A bar that is full at FULL; a value worse than nothing has an empty bar and says its number.

    >>> attainment_of(0.75)
    Attainment(text='75\\xa0%', reached=0.5, goal=0.6667)
    """
    if share is None:
        return None
    return Attainment(share_written(share), round(min(max(share, 0), FULL) / FULL, 4), round(1 / FULL, 4))
