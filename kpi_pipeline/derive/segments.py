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
"""The number of the total; in a breakdown the number of the rest, (other)."""


@dataclass(frozen=True, eq=False)
class Segments:
    """The segments of one breakdown: `_segment`, the dimensions, and whether it stands for all the small ones.

    The largest `at_most` by rows keep a number of their own; the rest share one row, whose dimensions are NULL. Where
    so many `ages` of cohorts are told apart, each age of a segment is a segment, with a number made of both.
    """

    breakdown: tuple[str, ...]
    table: pl.LazyFrame
    ages: int | None = None

    def attached(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """The rows with their segment's number in the place of their dimensions, and of their age where it counts."""
        if not self.breakdown:
            placed = rows.with_columns(pl.lit(ALL, pl.UInt32).alias(SEGMENT))
        else:
            numbered = self.table.select(*self.breakdown, SEGMENT)
            placed = rows.join(numbered, on=self.breakdown, how="left", nulls_equal=True)
        return placed if self.ages is None else placed.with_columns(self._numbered_by_age().alias(SEGMENT))

    def every(self) -> pl.LazyFrame:
        """Every segment there may be: `_segment`."""
        if self.ages is None:
            return segment_names(self).select(SEGMENT)
        ages = pl.LazyFrame({COHORT_AGE: range(self.ages)}, schema={COHORT_AGE: pl.Int64})
        return segment_names(self).join(ages, how="cross").select(self._numbered_by_age().alias(SEGMENT))

    def named_in(self, sheet: pl.LazyFrame) -> pl.LazyFrame:
        """The sheet with the dimensions, and the age, that its segments stand for."""
        if self.ages is None:
            return sheet.join(segment_names(self), on=SEGMENT)
        names = segment_names(self).rename({SEGMENT: "_place"}).with_columns(pl.col("_place").cast(pl.UInt64))
        parts = {"_place": pl.col(SEGMENT) // self.ages, COHORT_AGE: (pl.col(SEGMENT) % self.ages).cast(pl.Int64)}
        return sheet.with_columns(**parts).join(names, on="_place").drop("_place")

    def _numbered_by_age(self) -> pl.Expr:
        return pl.col(SEGMENT).cast(pl.UInt64) * (self.ages or 1) + pl.col(COHORT_AGE).cast(pl.UInt64)

    @cached_property
    def named(self) -> pl.DataFrame:
        """The segments by a text that is the same in every run, whatever their numbers: `_segment`, segment."""
        if not self.breakdown:
            return pl.DataFrame({SEGMENT: [ALL], "segment": [""]}, schema={SEGMENT: pl.UInt32, "segment": pl.String})
        text = pl.struct(pl.col(name).cast(pl.String) for name in self.breakdown).struct.json_encode()
        return (
            self.table.select(SEGMENT, segment=pl.when("_is_other").then(pl.lit("(other)")).otherwise(text))
            .unique(subset=[SEGMENT])
            .collect()
        )

    @cached_property
    def kept_apart(self) -> str:
        """Which segments have a number of their own, where not all do."""
        if not self.breakdown or not self.table.select(pl.col("_is_other").any()).collect().item():
            return ""
        return fingerprint(sorted(self.named.get_column("segment")))


def number_segments(breakdown: tuple[str, ...], counted: Iterable[pl.LazyFrame], at_most: int) -> Segments:
    """Numbers the combinations seen in any of the frames (dimensions and `_rows`), the largest first."""
    if not breakdown:
        return Segments(
            (),
            pl.LazyFrame({SEGMENT: [ALL], "_is_other": [False]}, schema={SEGMENT: pl.UInt32, "_is_other": pl.Boolean}),
        )
    sizes = (
        pl.concat(counted, how="vertical_relaxed")
        .group_by(breakdown)
        .agg(pl.col("_rows").sum())
        .sort("_rows", *breakdown, descending=[True, *(False for _ in breakdown)], nulls_last=True)
        .with_row_index("_rank")
    )
    kept = pl.col("_rank") < at_most
    table = sizes.with_columns(
        pl.when(kept).then(pl.col("_rank") + 1).otherwise(ALL).cast(pl.UInt32).alias(SEGMENT), _is_other=~kept
    )
    return Segments(breakdown, table.select(SEGMENT, "_is_other", *breakdown).collect().lazy())


def segment_names(segments: Segments) -> pl.LazyFrame:
    """`_segment` with the dimensions it stands for; one row for (other), if there is one."""
    return segments.table.with_columns(
        pl.when("_is_other").then(None).otherwise(pl.col(name)).alias(name) for name in segments.breakdown
    ).unique(subset=[SEGMENT], keep="first", maintain_order=True)
