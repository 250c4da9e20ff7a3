"""The largest segments of a KPI's first breakdown, for the latest complete period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kpi_pipeline.publish.scorecard.page import Segments, Share
from kpi_pipeline.publish.scorecard.snapshot import Row, readable
from kpi_pipeline.publish.scorecard.wording import Numbers
from kpi_pipeline.segments import OTHER

MOST = 6


@dataclass(frozen=True)
class SegmentName:
    """The words for a segment: its dimensions, and its values for them."""

    dimensions: tuple[str, ...] = ()
    values: tuple[str, ...] = ()


def segments_named(segments: Sequence[Row]) -> dict[str, SegmentName]:
    """Segment -> its words; one of several dimensions has several rows."""
    named: dict[str, SegmentName] = {}
    for row in segments:
        if row["dimension"] is not None:
            so_far = named.get(row["segment"], SegmentName())
            named[row["segment"]] = SegmentName(
                (*so_far.dimensions, dimension_written(row["dimension"])), (*so_far.values, row["label"])
            )
    return named


def largest_segments(rows: Sequence[Row], named: Mapping[str, SegmentName], numbers: Numbers) -> Segments | None:
    """Up to MOST segments: a ratio's by how much lies behind them, any other by its value; the rest comes last."""
    known = [row for row in rows if row["value"] is not None and row["segment"] in named]
    if not known:
        return None
    breakdown = min(row["breakdown"] for row in known)
    ordered = sorted(
        (row for row in known if row["breakdown"] == breakdown),
        key=lambda row: (OTHER in named[row["segment"]].values, -abs(_size(row)), row["segment"]),
    )
    chosen = ordered[:MOST]
    longest = max(abs(row["value"]) for row in chosen) or 1.0
    return Segments(
        title=f"By {' and '.join(named[chosen[0]['segment']].dimensions)}",
        shares=tuple(
            Share(
                label=", ".join(named[row["segment"]].values),
                value=numbers.write(row["value"], beside=longest),
                length=round(abs(row["value"]) / longest, 4),
                below_zero=row["value"] < 0,
            )
            for row in chosen
        ),
        more=len(ordered) - len(chosen),
    )


def _size(row: Row) -> float:
    size: float = row["value"] if row["denominator"] is None else row["denominator"]
    return size


def dimension_written(dimension: str) -> str:
    """A dimension as words; of one looked up by way of others only its own name.

    >>> dimension_written("product__category__category_name")
    'category name'
    """
    return readable(dimension.rpartition("__")[2]).lower()
