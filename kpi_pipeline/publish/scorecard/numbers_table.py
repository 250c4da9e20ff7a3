"""The numbers behind the drawing, a line a period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kpi_pipeline.kpis import MISSING, share_written
from kpi_pipeline.publish.scorecard.dates import period_written
from kpi_pipeline.publish.scorecard.snapshot import Row
from kpi_pipeline.publish.scorecard.status import Status, status_called
from kpi_pipeline.publish.scorecard.wording import Numbers, target_written


@dataclass(frozen=True)
class NumbersLine:
    """One period: its value, what it should have been, how that stands, and what happened."""

    period: str
    value: str
    target: str
    attainment: str
    status: Status
    change: str
    note: str


def number_lines(
    kpi: Row, shown: Sequence[Row], numbers: Numbers, holidays: Mapping[str, str]
) -> tuple[NumbersLine, ...]:
    """The periods of the drawing, newest first, all written with the decimals of the largest value."""
    largest = max((abs(row["value"]) for row in shown if row["value"] is not None), default=None)
    return tuple(_line(kpi, row, numbers, largest, holidays) for row in reversed(shown))


def _line(kpi: Row, row: Row, numbers: Numbers, largest: float | None, holidays: Mapping[str, str]) -> NumbersLine:
    said = [text for text in (row["annotation"], holidays.get(row["period_label"])) if text]
    return NumbersLine(
        period_written(row["period_label"]),
        numbers.write(row["value"], beside=largest),
        target_written(kpi, row, lambda value: numbers.write(value, beside=largest)) or MISSING,
        MISSING if row["attainment"] is None else share_written(row["attainment"]),
        status_called(row["status"] if row["is_complete"] else row["status"] or "in_progress"),
        _change(row, numbers, largest),
        "; ".join(said),
    )


def _change(row: Row, numbers: Numbers, largest: float | None) -> str:
    """The change on the period before with its sign."""
    return MISSING if row["change"] is None else numbers.write_change(row["change"], beside=largest)
