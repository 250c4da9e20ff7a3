"""Keys and values that rows had: too many to hold at once, so they are read a part at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import polars as pl

from kpi_pipeline.derive.segments import Segments
from kpi_pipeline.plan import Measure, Reduction

PLACE = "_place"
"""The number of a row's combination of dimension values; -1 is none."""
DAY = "_day"


class Seen(Protocol):
    """What a pass over rows has seen: `_day`, `_place`, `_key` (a whole number) or `_value`, and a column a measure.

    A measure's column says whether its filter let the row through.
    """

    @property
    def places(self) -> pl.DataFrame:
        """The combinations of dimension values, by the numbers of their rows."""
        ...

    @property
    def days(self) -> pl.DataFrame:
        """How many rows each day has at most, days in order: `_day`, `rows`."""
        ...

    def by_key(self, at_most: int, spans: Sequence[tuple[date, date]]) -> Iterator[pl.DataFrame]:
        """The rows of some spans of days in parts of about that many, all rows of a key in one part."""
        ...

    def by_days(self, spans: Sequence[tuple[date, date]]) -> Iterator[pl.DataFrame]:
        """The rows of one span of days after the other; first and last day included."""
        ...


class Elsewhere(Protocol):
    """What answers questions about the keys or values of a pass over rows that are too many to be read."""

    def of_spans(self, days: pl.DataFrame, segments: Segments, measures: Sequence[Measure]) -> pl.DataFrame:
        """What each measure is over the rows of each span: `_span`, `_segment`, `_made_0` and so on.

        Args:
            days: `_day`, `_span`: the days of each span; a day may belong to several.
            segments: the segments of the breakdown.
            measures: distinct counts, or percentiles.
        """
        ...

    def stays(self, leaves: pl.DataFrame, segments: Segments, measures: Sequence[Measure]) -> pl.DataFrame:
        """How the number of keys within reach changes: `_measure` (its place), `_segment`, `_day`, `_change`.

        Whether more days are told of than were asked for makes no difference to a window whose days are all among
        these: a key that is seen within it ends its stay after the window does, whatever was before.

        Args:
            leaves: `_day`, `_leaves`: the days looked at, and the first later one whose window no longer holds them;
                NULL where none ever does.
            segments: the segments of the breakdown.
            measures: distinct counts.
        """
        ...

    def then(self, through: pl.DataFrame) -> Elsewhere:
        """The same without events that came to be known later than is told for their day: `_day`, `_known`."""
        ...


class Answers(Protocol):
    """What was found of spans of days before: first_day, last_day, segment, value; no segment where one was looked at.

    They are forgotten when a row of one of their days changes.
    """

    def known(self, reduction: Reduction, key: str) -> pl.DataFrame:
        """What is known of a question, by a name for what is asked."""
        ...

    def learn(self, reduction: Reduction, key: str, rows: pl.DataFrame) -> None:
        """Takes what was found."""
        ...

    def save(self) -> None:
        """Keeps what was found for later runs."""
        ...


@dataclass(frozen=True)
class Held:
    """A frame that fits into memory, as what was seen."""

    frame: pl.DataFrame
    places: pl.DataFrame

    @classmethod
    def of(cls, frame: pl.DataFrame, dimensions: Sequence[str]) -> Held:
        """The frame's rows with a number in the place of their dimensions, and one in the place of any other key."""
        if "_key" in frame.columns and not frame.schema["_key"].is_integer():
            frame = frame.with_columns(_key=pl.col("_key").rank("dense").cast(pl.Int64))
        if not dimensions:
            return cls(frame.with_columns(pl.lit(0, pl.Int32).alias(PLACE)), pl.DataFrame({PLACE: [0]}).clear())
        places = frame.select(dimensions).unique(maintain_order=True)
        numbered = places.with_row_index(PLACE).with_columns(pl.col(PLACE).cast(pl.Int32))
        rows = frame.join(numbered, on=dimensions, how="left", nulls_equal=True).drop(dimensions)
        return cls(rows, places)

    @property
    def days(self) -> pl.DataFrame:
        """How many rows each day has."""
        return self.frame.group_by(DAY).agg(rows=pl.len().cast(pl.Int64)).sort(DAY)

    def by_key(self, at_most: int, spans: Sequence[tuple[date, date]]) -> Iterator[pl.DataFrame]:
        """The rows of the spans in parts of whole keys."""
        rows = self.frame.filter(pl.any_horizontal(pl.col(DAY).is_between(*span) for span in spans))
        parts = max(-(-rows.height // at_most), 1)
        for part in range(parts):
            yield rows.filter(pl.col("_key") % parts == part)

    def by_days(self, spans: Sequence[tuple[date, date]]) -> Iterator[pl.DataFrame]:
        """The rows of each span of days."""
        for first, last in spans:
            yield self.frame.filter(pl.col(DAY).is_between(first, last))
