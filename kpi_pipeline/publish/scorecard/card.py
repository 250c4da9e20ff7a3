"""One KPI as a card: its latest complete period, its trend, and what else a reader needs to judge it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from kpi_pipeline.errors import counted
from kpi_pipeline.publish.scorecard.dates import day_written, is_past, period_written
from kpi_pipeline.publish.scorecard.in_progress import in_progress
from kpi_pipeline.publish.scorecard.page import KpiCard, Reference, Role, Segments, Unfinished
from kpi_pipeline.publish.scorecard.snapshot import Row, readable
from kpi_pipeline.publish.scorecard.status import Status, status_called
from kpi_pipeline.publish.scorecard.trend import Moment, Trend, trend_of
from kpi_pipeline.publish.scorecard.wording import (
    Numbers,
    attainment_of,
    changes_of,
    target_written,
)
from kpi_pipeline.status import JUDGED

PERIODS_SHOWN = 26
FEW = 30
"""Below so many cases a share or an average is shown with a warning."""


@dataclass(frozen=True)
class Around:
    """What a card needs to know of the rest of the project."""

    teams: Mapping[str, str]
    people: Mapping[str, str]
    kpis: Mapping[str, str]


def card_of(
    kpi: Row,
    series: Sequence[Row],
    *,
    around: Around,
    roles: tuple[Role, ...],
    led_by: tuple[Reference, ...],
    segments: Segments | None,
) -> KpiCard:
    """The card of a KPI from its row and its values, oldest first, of the total."""
    numbers = Numbers.of(kpi)
    grain = kpi["grain"]
    complete = [row for row in series if row["is_complete"]]
    latest = complete[-1] if complete else None
    after = in_progress(series)
    shown = [*complete[-PERIODS_SHOWN:], *after]
    return KpiCard(
        name=kpi["kpi"],
        label=kpi["label"] or readable(kpi["kpi"]),
        description=kpi["description"] or "",
        status=_status_of(latest, after),
        period=period_written(latest["period_label"]) if latest else "",
        value=numbers.write(latest["value"] if latest else None),
        target=target_written(kpi, latest, numbers.write) if latest else "",
        attainment=attainment_of(latest["attainment"]) if latest else None,
        trend=_trend(shown, numbers, grain),
        record=_record(complete[-PERIODS_SHOWN:], grain),
        changes=changes_of(latest, numbers, grain) if latest else (),
        indicator=kpi["indicator"] or "unclassified",
        roles=roles,
        led_by=led_by,
        unfinished=_unfinished(after, latest, numbers),
        segments=segments,
        notes=tuple(
            f"{period_written(row['period_label'])}: {row['annotation']}" for row in shown if row["annotation"]
        ),
        caution=_caution(latest),
        facts=(
            *_facts(kpi, latest, around),
            *((f"Why {role.indicator}", role.reason) for role in roles if role.outcome),
        ),
    )


def _status_of(latest: Row | None, after: Sequence[Row]) -> Status:
    if latest is None:
        return status_called("in_progress" if any(row["value"] is not None for row in after) else None)
    return status_called(latest["status"])


def _trend(shown: Sequence[Row], numbers: Numbers, grain: str) -> Trend | None:
    """The series, its numbers all written with the decimals of the largest."""
    largest = max((abs(row["value"]) for row in shown if row["value"] is not None), default=None)
    moments = [
        Moment(period_written(row["period_label"]), row["value"], row["target"], row["is_complete"]) for row in shown
    ]
    return trend_of(moments, lambda value: numbers.write(value, beside=largest), grain)


def _record(complete: Sequence[Row], grain: str) -> str:
    """How often it was on track among the periods that were judged."""
    judged = [row["status"] for row in complete if row["status"] in JUDGED]
    if not judged:
        return ""
    return f"On track in {judged.count('on_track')} of {counted(len(judged), grain)}"


def _unfinished(after: Sequence[Row], latest: Row | None, numbers: Numbers) -> Unfinished | None:
    """The value so far, with its projection where there is one."""
    row = next((row for row in after if row["value"] is not None or row["projected_value"] is not None), None)
    if row is None:
        return None

    def write(column: str) -> str:
        return numbers.write(row[column], beside=latest["value"] if latest else None)

    projection = f"heading for {write('projected_value')}" if row["projected_value"] is not None else ""
    if projection and row["projected_low"] is not None and row["projected_high"] is not None:
        projection += f" ({write('projected_low')} to {write('projected_high')})"
    if projection and row["projected_status"] in JUDGED:
        projection += f", {status_called(row['projected_status']).word.lower()}"
    return Unfinished(period_written(row["period_label"]), write("value"), projection)


def _caution(latest: Row | None) -> str:
    """A sentence where a ratio or average rests on few cases."""
    size = latest["sample_size"] if latest and latest["denominator"] is not None else None
    if size is None or size >= FEW or latest is None or latest["value"] is None:
        return ""
    return f"Rests on {counted(size, 'case')} only: read it with care."


def _facts(kpi: Row, latest: Row | None, around: Around) -> tuple[tuple[str, str], ...]:
    parent = kpi["parent_kpi"]
    facts = (
        ("Formula", kpi["formula"]),
        ("Owner", around.people.get(kpi["owner"] or "")),
        ("Team", around.teams.get(kpi["team"] or "")),
        ("Review", _review(kpi)),
        ("Target set by", latest["target_provenance"] if latest else ""),
        ("Status", latest["status_rule"] if latest else ""),
        ("Part of", around.kpis.get(parent or "")),
        ("Defined in", kpi["defined_in"]),
    )
    return tuple((word, text) for word, text in facts if text)


def _review(kpi: Row) -> str:
    """When people look at it next."""
    if not kpi["review_every"]:
        return "nobody has agreed to review it"
    due: date | None = kpi["review_due"]
    if due is None:
        return f"every {kpi['review_every']}, not reviewed yet"
    return f"every {kpi['review_every']}, {'overdue since' if is_past(due, kpi['as_of']) else 'due'} {day_written(due)}"
