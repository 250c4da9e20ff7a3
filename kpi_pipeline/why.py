"""Why a KPI's value changed from one period to another, and how that is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

import polars as pl

from kpi_pipeline.errors import counted
from kpi_pipeline.kpis import MISSING, NBSP, written
from kpi_pipeline.metrics.base import Unit
from kpi_pipeline.plan.parts import Apart
from kpi_pipeline.segments import TOTAL

Against = Literal["previous", "year_ago"]
AGAINST: tuple[Against, ...] = ("previous", "year_ago")
"""What a period is compared with: the one before it, the same one a year before."""
DUST = 1e-9
"""Contributions below this share of the values are what rounding leaves."""
NAMED = 3
"""How many segments the sentence names; the others are told together."""

REMAINDERS = {
    Apart.overlap: "overlap: what is counted in several segments counts once in the total",
    Apart.order: "not additive: a median, percentile, lowest or highest value is no sum of those of its segments",
    Apart.moment: "not additive: a segment may have another moment that counts than the whole",
    Apart.formula: "not additive: the formula is no sum over segments",
}
"""What a remainder is, by where it comes from."""
OF_TOTAL = "what happens together and cannot be told apart"


@dataclass(frozen=True)
class Why:
    """The change of a KPI between two periods, and contributions that add up to it.

    `rows`: breakdown, segment, effect (segment, mix, rate, numerator, denominator, input, entered, left, remainder),
    input, contribution, share_of_change, from_value, to_value. `ranking`: the breakdowns, the one first whose
    contributions are most concentrated, with that from 0 to 1.
    """

    kpi: str
    label: str
    unit: Unit
    currency: str
    earlier: str
    later: str
    before: float | None
    now: float | None
    is_complete: bool
    rows: pl.DataFrame
    ranking: tuple[tuple[str, float], ...]
    apart: Apart
    notes: tuple[str, ...] = ()

    @property
    def change(self) -> float | None:
        """Now minus before; None where either has no value."""
        return None if self.before is None or self.now is None else self.now - self.before

    @property
    def adds_up(self) -> bool:
        """Whether the changes of segments are parts of the change, but for what overlaps."""
        return self.apart is not Apart.order

    def by_segment(self, breakdown: str) -> list[tuple[str, float | None]]:
        """The segments of a breakdown with all they contribute, the largest first; what does not add up comes last."""
        rows = self.rows.filter(pl.col("breakdown") == breakdown)
        rest = rows.filter(pl.col("effect") == "remainder").get_column("contribution").to_list()
        known = pl.when(pl.col("contribution").count() > 0).then(pl.col("contribution").sum())
        segments = (
            rows.filter(pl.col("effect") != "remainder")
            .group_by("segment")
            .agg(contribution=known)
            .sort(pl.col("contribution").abs(), "segment", descending=[True, False], nulls_last=True)
        )
        return [*segments.iter_rows(), *((self.remainder(breakdown), one) for one in rest)]

    @property
    def remainder_words(self) -> str | None:
        """What remains of segments, in words; None where nothing does."""
        rest = self.rows.filter((pl.col("effect") == "remainder") & (pl.col("breakdown") != TOTAL))
        return REMAINDERS[self.apart] if rest.height else None

    def remainder(self, breakdown: str) -> str:
        """What the remainder of a breakdown is, in words."""
        return OF_TOTAL if breakdown == TOTAL else REMAINDERS[self.apart]

    def amount(self, value: float | None, *, beside: float | None = None) -> str:
        """A value as people read it."""
        return written(value, self.unit, self.currency, beside=beside)

    def difference(self, value: float | None, *, beside: float | None = None) -> str:
        """A difference with its sign; of shares in percentage points."""
        if value is None:
            return MISSING
        sign = "+" if value > 0 else ""
        if self.unit is Unit.percent:
            digits = 4 if 5e-7 <= abs(value) < 5e-5 else 2
            return f"{round(value * 100, digits) + 0.0:+.{digits}f}{NBSP}pts"
        return sign + written(value, self.unit, self.currency, beside=beside)

    @property
    def sentence(self) -> str:
        """The change and what made most of it, in a sentence."""
        if self.change is None:
            lacking = self.later if self.now is None else self.earlier
            return f"{self.label} has no value in {lacking}, so there is no change to explain."
        scale = max(abs(self.before or 0), abs(self.now or 0))
        between = (
            f"from {self.amount(self.before, beside=scale)} in {self.earlier} to "
            f"{self.amount(self.now, beside=scale)} in {self.later}"
        )
        if self.change == 0:
            both = f"in {self.earlier} and in {self.later}"
            return f"{self.label} did not change: {self.amount(self.now, beside=scale)} {both}."
        size = self.difference(abs(self.change), beside=scale).lstrip("+")
        share = f" ({abs(self.change / self.before) * 100:.1f}{NBSP}%)" if self._has_percentage and self.before else ""
        rose = "rose" if self.change > 0 else "fell"
        told = self._told(scale)
        return f"{self.label} {rose} by {size}{share}, {between}{told}."

    @property
    def _has_percentage(self) -> bool:
        """NOTE: a percentage of a percentage is read as points by many, so it is left out."""
        return self.unit is not Unit.percent

    def _told(self, scale: float) -> str:
        """The largest contributions of the breakdown that explains most, and what does not add up."""
        if not self.ranking:
            return ""
        breakdown = self.ranking[0][0]
        rest = self.remainder(breakdown)
        told = [(name, one) for name, one in self.by_segment(breakdown) if one and abs(one) > DUST * scale]
        known = [(name, one) for name, one in told if name != rest]
        first, others = (known, []) if len(known) == NAMED + 1 else (known[:NAMED], known[NAMED:])
        parts = [f"{shown_segment(name)} {self.difference(one, beside=scale)}" for name, one in first]
        if not self.adds_up:
            return f"; the largest changes of segments, which do not add up: {', '.join(parts)}" if parts else ""
        if others:
            together = self.difference(sum(one for _, one in others), beside=scale)
            parts.append(f"{counted(len(others), 'other')} together {together}")
        parts += [
            f"{rest.partition(':')[0]} {self.difference(one, beside=scale)}" for name, one in told if name == rest
        ]
        return f": {', '.join(parts)}" if parts else ""


def shown_segment(segment: str) -> str:
    """A segment for people: its dimension values.

    >>> shown_segment("channel=web|country=France"), shown_segment("all"), shown_segment("rate=50%25")
    ('web, France', 'total', '50%')
    """
    if segment == TOTAL:
        return "total"
    return ", ".join(unquote(one.partition("=")[2]) if "=" in one else one for one in segment.split("|"))
