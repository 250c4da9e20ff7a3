"""Why a KPI changed: what each segment, part or input contributed, largest first, adding up to the whole change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from kpi_pipeline.publish.scorecard.dates import period_written
from kpi_pipeline.publish.scorecard.segments import SegmentName
from kpi_pipeline.publish.scorecard.snapshot import Row, readable
from kpi_pipeline.publish.scorecard.wording import Numbers
from kpi_pipeline.segments import TOTAL

MOST = 6
AGAINST = {"previous": "the period before", "year_ago": "a year ago"}
EFFECTS = {
    "numerator": "the upper part", "denominator": "the lower part", "entered": "what entered the window",
    "left": "what left the window", "remainder": "what does not add up",
}  # fmt: skip


@dataclass(frozen=True)
class Driver:
    """One contribution to a change."""

    label: str
    contribution: str
    remark: str
    length: float
    below_zero: bool


@dataclass(frozen=True)
class DriverTable:
    """The contributions of one breakdown; what is not shown on its own is told together."""

    title: str
    drivers: tuple[Driver, ...]


@dataclass(frozen=True)
class Reasons:
    """Why the latest complete period differs from an earlier one."""

    against: str
    period: str
    earlier: str
    change: str
    tables: tuple[DriverTable, ...]


def reasons_of(rows: Sequence[Row], named: Mapping[str, SegmentName], numbers: Numbers) -> tuple[Reasons, ...]:
    """The reasons of a KPI's latest change, against the period before and against a year ago."""
    known = [row for row in rows if row["contribution"] is not None]
    ordered = sorted(
        known, key=lambda row: (list(AGAINST).index(row["against"]), row["breakdown"] != TOTAL, row["breakdown"])
    )
    return tuple(
        _reasons(against, list(found), named, numbers)
        for against, found in groupby(ordered, key=lambda row: str(row["against"]))
    )


def _reasons(against: str, rows: Sequence[Row], named: Mapping[str, SegmentName], numbers: Numbers) -> Reasons:
    tables = [list(found) for _, found in groupby(rows, key=lambda row: row["breakdown"])]
    change = sum(row["contribution"] for row in tables[0])
    return Reasons(
        AGAINST[against],
        period_written(rows[0]["period_label"]),
        period_written(rows[0]["against_label"]),
        numbers.write_change(change),
        tuple(_table(table, named, numbers) for table in tables),
    )


def _table(rows: Sequence[Row], named: Mapping[str, SegmentName], numbers: Numbers) -> DriverTable:
    """The largest contributions of one breakdown; a segment's mix and rate are one, told apart in words."""
    whole = rows[0]["breakdown"] == TOTAL
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(_label(row, named), []).append(row)
    sums = {label: sum(row["contribution"] for row in parts) for label, parts in found.items()}
    ordered = sorted(sums, key=lambda label: (-abs(sums[label]), label))
    shown = ordered if len(ordered) <= MOST + 1 else ordered[:MOST]
    rest = [sums[label] for label in ordered if label not in shown]
    longest = max([abs(sums[label]) for label in ordered] + [abs(sum(rest))]) or 1.0

    def driver(label: str, value: float, remark: str = "") -> Driver:
        return Driver(
            label, numbers.write_change(value, beside=longest), remark, round(abs(value) / longest, 4), value < 0
        )

    drivers = [driver(label, sums[label], _remark(found[label], numbers)) for label in shown]
    if rest:
        drivers.append(driver(f"{len(rest)} others together", sum(rest)))
    dimensions = next((named[row["segment"]].dimensions for row in rows if row["segment"] in named), ())
    return DriverTable("By part" if whole else f"By {' and '.join(dimensions)}", tuple(drivers))


def _label(row: Row, named: Mapping[str, SegmentName]) -> str:
    if row["effect"] == "input":
        return readable(row["input"] or "input")
    if row["segment"] in named and row["effect"] != "remainder":
        return ", ".join(named[row["segment"]].values)
    return EFFECTS.get(row["effect"]) or readable(row["effect"])


def _remark(parts: Sequence[Row], numbers: Numbers) -> str:
    """Of a share or average: what came of the segment's weight, and what of its own value."""
    told = {row["effect"]: row["contribution"] for row in parts}
    if not {"mix", "rate"} <= told.keys():
        return ""
    return f"its weight {numbers.write_change(told['mix'])}, its own value {numbers.write_change(told['rate'])}"
