"""What was asked of a KPI over time, and who asked it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from kpi_pipeline.publish.scorecard.dates import period_written
from kpi_pipeline.publish.scorecard.snapshot import Row
from kpi_pipeline.publish.scorecard.wording import Numbers, target_written

MOST = 12


@dataclass(frozen=True)
class Aim:
    """A target for as long as it held."""

    periods: str
    target: str
    provenance: str


def aims_of(kpi: Row, series: Sequence[Row], numbers: Numbers) -> tuple[Aim, ...]:
    """The targets of a series, newest first; one that moves every period is told from its first value to its last."""
    asked = [row for row in series if _target(row) != (None, None, None)]
    stretches = [list(rows) for _, rows in groupby(asked, key=lambda row: (_target(row), row["target_provenance"]))]
    if len(stretches) > MOST:
        stretches = [list(rows) for _, rows in groupby(asked, key=lambda row: row["target_provenance"])]
    return tuple(_aim(kpi, rows, numbers) for rows in reversed(stretches[-MOST:]))


def _aim(kpi: Row, rows: Sequence[Row], numbers: Numbers) -> Aim:
    first, last = rows[0], rows[-1]
    begun, ended = period_written(first["period_label"]), period_written(last["period_label"])
    begin, end = target_written(kpi, first, numbers.write), target_written(kpi, last, numbers.write)
    return Aim(
        begun if begun == ended else f"{begun} to {ended}",
        begin if begin == end else f"from {begin} to {end}",
        last["target_provenance"] or "",
    )


def _target(row: Row) -> tuple[float | None, float | None, float | None]:
    return row["target"], row["target_low"], row["target_high"]
