"""Segments: the combinations of dimension values of a breakdown, numbered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from kpi_pipeline.names import COHORT_AGE
from kpi_pipeline.plan import fingerprint

SEGMENT = "_segment"
ALL = 0
"""The number of the total."""


@dataclass(frozen=True, eq=False)
class Segments:
    """The segments of one breakdown: `_segment`, the dimensions, and whether it stands for all the small ones.

    The largest `at_most` by rows keep a number of their own, in the order of their dimensions; the rest share the
    number after these, and one row, whose dimensions are NULL. Where so many `ages` of cohorts are told apart, each age
    of a segment is a segment, with a number made of both.
    """

    breakdown: tuple[str, ...]
    table: pl.DataFrame
    ages: int | None = None

    @property
    def width(self) -> int:
        """How many numbers there are."""
        return self.names.height

    @cached_property
    def names(self) -> pl.DataFrame:
        """The dimensions, and the age, that each number stands for, in order; and whether it is (other): `is_other`."""
        apart = self.table.unique(subset=[SEGMENT], keep="first", maintain_order=True)
        names = apart.select(
            *(pl.when(~pl.col("_is_other")).then(name).alias(name) for name in self.breakdown), is_other="_is_other"
        )
        if self.ages is None:
            return names
        ages = pl.DataFrame({COHORT_AGE: range(self.ages)}, schema={COHORT_AGE: pl.Int64})
        return names.join(ages, how="cross", maintain_order="left_right")

    def attached(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """The rows with their segment's number in the place of their dimensions, and of their age where it counts."""
        if not self.breakdown:
            placed = rows.with_columns(pl.lit(ALL, pl.UInt32).alias(SEGMENT))
        else:
            numbered = self.table.lazy().select(*self.breakdown, SEGMENT)
            placed = rows.join(numbered, on=self.breakdown, how="left", nulls_equal=True)
        if self.ages is None:
            return placed
        of_both = pl.col(SEGMENT).cast(pl.UInt64) * self.ages + pl.col(COHORT_AGE).cast(pl.UInt64)
        return placed.with_columns(of_both.alias(SEGMENT))

    @cached_property
    def named(self) -> pl.DataFrame:
        """The segments by a text that is the same in every run, whatever their numbers: `_segment`, segment."""
        if not self.breakdown:
            return pl.DataFrame({SEGMENT: [ALL], "segment": [""]}, schema={SEGMENT: pl.UInt32, "segment": pl.String})
        text = pl.struct(pl.col(name).cast(pl.String) for name in self.breakdown).struct.json_encode()
        return self.table.select(SEGMENT, segment=pl.when("_is_other").then(pl.lit("(other)")).otherwise(text)).unique(
            subset=[SEGMENT]
        )

    @cached_property
    def kept_apart(self) -> str:
        """Which segments have a number of their own, where not all do."""
        if not self.table.get_column("_is_other").any():
            return ""
        return fingerprint(sorted(self.named.get_column("segment")))


def number_segments(breakdown: tuple[str, ...], counted: Iterable[pl.LazyFrame], at_most: int) -> Segments:
    """Numbers the combinations seen in any of the frames (dimensions and `_rows`)."""
    if not breakdown:
        total = {SEGMENT: [ALL], "_is_other": [False]}
        return Segments((), pl.DataFrame(total, schema={SEGMENT: pl.UInt32, "_is_other": pl.Boolean}))
    table = (
        pl.concat(counted, how="vertical_relaxed")
        .group_by(breakdown)
        .agg(pl.col("_rows").sum())
        .sort("_rows", *breakdown, descending=[True, *(False for _ in breakdown)], nulls_last=True)
        .with_columns(_is_other=pl.int_range(pl.len()) >= at_most)
        .sort("_is_other", *breakdown, nulls_last=True)
    )
    number = pl.min_horizontal(pl.int_range(pl.len()), at_most).cast(pl.UInt32)
    return Segments(breakdown, table.select(number.alias(SEGMENT), "_is_other", *breakdown).collect())
