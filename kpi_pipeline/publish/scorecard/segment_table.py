"""The segments of a KPI: the latest value of each, its course, and how it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kpi_pipeline.publish.scorecard.dates import period_written
from kpi_pipeline.publish.scorecard.page import Change
from kpi_pipeline.publish.scorecard.segments import SegmentName
from kpi_pipeline.publish.scorecard.snapshot import Row
from kpi_pipeline.publish.scorecard.status import Status, status_called
from kpi_pipeline.publish.scorecard.trend import Moment, Trend, trend_of
from kpi_pipeline.publish.scorecard.wording import Numbers, changes_of, target_written
from kpi_pipeline.segments import OTHER

MOST = 12
"""Segments of one breakdown on the page, the largest ones."""
SHOWN = 26
"""Periods in the course of a segment."""


@dataclass(frozen=True)
class SegmentLine:
    """One segment in the latest complete period."""

    label: str
    value: str
    target: str
    status: Status
    change: Change | None
    length: float
    below_zero: bool
    trend: Trend | None


@dataclass(frozen=True)
class SegmentTable:
    """The largest segments of one breakdown."""

    title: str
    lines: tuple[SegmentLine, ...]
    more: int
    aimed: bool
    """Whether some segment has a target of its own."""


def segment_tables(
    kpi: Row, latest: Row | None, rows: Sequence[Row], named: Mapping[str, SegmentName], numbers: Numbers
) -> tuple[SegmentTable, ...]:
    """A table for each breakdown; `rows` holds the segments' values, of some of them their history as well."""
    if latest is None:
        return ()
    series: dict[str, list[Row]] = {}
    for row in rows:
        if row["segment"] in named and row["period_start_utc"] <= latest["period_start_utc"]:
            series.setdefault(row["segment"], []).append(row)
    now: dict[str, list[Row]] = {}
    for history in series.values():
        history.sort(key=lambda row: row["period_start_utc"])
        if history[-1]["period_start_utc"] == latest["period_start_utc"] and history[-1]["value"] is not None:
            now.setdefault(history[-1]["breakdown"], []).append(history[-1])
    return tuple(_table(kpi, found, series, named, numbers) for _, found in sorted(now.items()))


def _table(
    kpi: Row,
    found: Sequence[Row],
    series: Mapping[str, Sequence[Row]],
    named: Mapping[str, SegmentName],
    numbers: Numbers,
) -> SegmentTable:
    ordered = sorted(
        found, key=lambda row: (OTHER in named[row["segment"]].values, -abs(weight_of(row)), row["segment"])
    )
    chosen = ordered[:MOST]
    longest = max(abs(row["value"]) for row in chosen) or 1.0

    def line(row: Row) -> SegmentLine:
        def write(value: float | None) -> str:
            return numbers.write(value, beside=longest)

        changes = changes_of(row, numbers, kpi["grain"])
        moments = [Moment(period_written(one["period_label"]), one["value"]) for one in series[row["segment"]][-SHOWN:]]
        return SegmentLine(
            label=", ".join(named[row["segment"]].values),
            value=write(row["value"]),
            target=target_written(kpi, row, write),
            status=status_called(row["status"]),
            change=changes[0] if changes else None,
            length=round(abs(row["value"]) / longest, 4),
            below_zero=row["value"] < 0,
            trend=trend_of(moments, write, kpi["grain"]) if len(moments) > 1 else None,
        )

    lines = tuple(line(row) for row in chosen)
    dimensions = named[chosen[0]["segment"]].dimensions
    return SegmentTable(
        f"By {' and '.join(dimensions)}", lines, len(ordered) - len(chosen), any(one.target for one in lines)
    )


def weight_of(row: Row) -> float:
    """How much a segment weighs: a ratio's by what lies behind it, any other by its value."""
    weight: float = row["value"] if row["denominator"] is None else row["denominator"]
    return weight
