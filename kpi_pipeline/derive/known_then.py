"""Partial results as they were known at some point after each period began, without what came later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from kpi_pipeline.derive.partials import Partials
from kpi_pipeline.derive.seen import DAY, Seen
from kpi_pipeline.plan.matching import SEEN

KNOWN = "_known"
"""The column that says, of each day's events, which is the last day whose news of them was known."""


def known_then(partials: Partials, through: pl.DataFrame) -> Partials:
    """The partial results without the events that came to be known later than is told for the day they count on.

    `through`: `_day`, `_known`. Events of other days are left out; rows that are no events stay as they are.
    """
    frames = {
        reduction: _then(frame, through.lazy()) if reduction.events else frame
        for reduction, frame in partials.frames.items()
    }
    seen = {
        reduction: SeenThen(rows, through) if reduction.events else rows for reduction, rows in partials.seen.items()
    }
    elsewhere = {
        reduction: there.then(through) if reduction.events else there for reduction, there in partials.elsewhere.items()
    }
    return replace(partials, frames=frames, seen=seen, elsewhere=elsewhere)


def _then(rows: pl.LazyFrame, through: pl.LazyFrame) -> pl.LazyFrame:
    return rows.join(through, on=DAY, how="inner").filter(pl.col(SEEN) <= pl.col(KNOWN))


@dataclass(frozen=True)
class SeenThen:
    """Keys or values of events, of which those count that were known."""

    rows: Seen
    through: pl.DataFrame

    @property
    def places(self) -> pl.DataFrame:
        """The combinations of dimension values, by the numbers of their rows."""
        return self.rows.places

    @property
    def days(self) -> pl.DataFrame:
        """How many rows each day has at most."""
        return self.rows.days

    def by_key(self, at_most: int, spans: Sequence[tuple[date, date]]) -> Iterator[pl.DataFrame]:
        """The rows of some spans of days in parts of whole keys."""
        for part in self.rows.by_key(at_most, spans):
            yield self._known(part)

    def by_days(self, spans: Sequence[tuple[date, date]]) -> Iterator[pl.DataFrame]:
        """The rows of one span of days after the other."""
        for part in self.rows.by_days(spans):
            yield self._known(part)

    def _known(self, part: pl.DataFrame) -> pl.DataFrame:
        return _then(part.lazy(), self.through.lazy()).drop(KNOWN).collect()
