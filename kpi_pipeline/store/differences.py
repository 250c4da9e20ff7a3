"""What is said of KPI values beside what was said before: which differ, in what, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from kpi_pipeline.names import TableRef
from kpi_pipeline.store.source_changes import CHANGES
from kpi_pipeline.store.warehouse import Warehouse, quoted

KEY = ("kpi", "grain", "period_start_utc", "segment")
PERIOD = ("period_start", "period_end", "last_day", "period_label", "breakdown", "is_complete")
NUMBER = ("value", "numerator", "denominator", "sample_size")
TARGET = ("target", "target_low", "target_high", "target_provenance")
STANDING = ("attainment", "variance", "status", "status_rule")
SAID = (*KEY, *PERIOD, *NUMBER, *TARGET, *STANDING)
"""The columns of `kpi_value` that the history keeps."""

NEW, REMOVED, CORRECTION, LATE = "new", "removed", "correction", "late_data"
DEFINITION, AIM, RULE = "definition_changed", "target_changed", "rule_changed"
CAUSES = {
    "number_differs": (DEFINITION, "data", RULE),
    "target_differs": (AIM, DEFINITION, "data", RULE),
    "standing_differs": (RULE, AIM, DEFINITION, "data"),
}
"""What may explain that a row differs in its number, else in its target, else in where it stands: the likeliest first.

Where none of it changed, the program did.
"""

RESTATED = "is_said AND was_said AND was_complete"
"""Of what differs, the values of complete periods that had one before."""


@dataclass(frozen=True)
class Causes:
    """What changed since each KPI was published last.

    `kpis`: kpi, definition_changed, target_changed, rule_changed. `sources`: kpi, source, since (the number of the
    newest change that it was published with), by_day (whether a row's day there is its day in the KPI).
    """

    kpis: pl.DataFrame
    sources: pl.DataFrame


def differences(was: str, now: str) -> str:
    """A query of the values that two queries give differently: what is said now, and in what it differs.

    Of a value that is no longer said only which one it was. `was` has SAID, `place` and `reason`; `now` has SAID.
    """
    differs = {
        "number_differs": (*PERIOD, *NUMBER),
        "target_differs": TARGET,
        "standing_differs": STANDING,
    }
    columns = [
        "was.place",
        "date_trunc('month', coalesce(now.period_start, was.period_start))::DATE AS month",
        "now.kpi IS NOT NULL AS is_said",
        "was.kpi IS NOT NULL AND was.reason IS DISTINCT FROM 'removed' AS was_said",
        "was.is_complete AS was_complete",
        *(f"coalesce(now.{name}, was.{name}) AS {name}" for name in (*KEY, *PERIOD)),
        *(f"now.{name} AS {name}" for name in (*NUMBER, *TARGET, *STANDING) if name != "status"),
        "coalesce(now.status, 'no_data') AS status",
        *(
            f"{' OR '.join(f'now.{name} IS DISTINCT FROM was.{name}' for name in names)} AS {flag}"
            for flag, names in differs.items()
        ),
    ]
    return (
        f"SELECT {', '.join(columns)} FROM ({now}) AS now FULL JOIN ({was}) AS was "
        f"ON {' AND '.join(f'now.{name} = was.{name}' for name in KEY)} "
        "WHERE CASE WHEN now.kpi IS NULL THEN was.reason IS DISTINCT FROM 'removed' "
        "WHEN was.kpi IS NULL OR was.reason = 'removed' THEN true "
        "ELSE number_differs OR target_differs OR standing_differs END"
    )


def note_differences(
    warehouse: Warehouse, table: TableRef, differing: str, moment: datetime, causes: Causes, *, known: str = "NULL"
) -> None:
    """Adds what is said now, since when, and why, to a table.

    Args:
        warehouse: has the table, and which rows of sources changed.
        table: SAID, recorded_at and reason.
        differing: the name of a table with what `differences` gives.
        moment: from when on it is said.
        causes: what may be the reasons.
        known: a reason that was found before, as SQL over the columns of `differing`.
    """
    columns = ", ".join(SAID)
    with warehouse.lent(causes.kpis) as kpis, warehouse.lent(causes.sources) as sources:
        warehouse.run(
            f"INSERT INTO {quoted(table)} ({columns}, recorded_at, reason) "
            f"WITH touched AS (SELECT kpi, by_day, day, gained, lost FROM {sources} AS sources "
            f"JOIN {quoted(CHANGES)} AS changes ON changes.source = sources.source AND number > since), "
            f"data AS ({_data(differing)}) "
            f"SELECT {', '.join(f'differing.{name}' for name in SAID)}, ?, coalesce({known}, {_reason()}) "
            f"FROM {differing} AS differing LEFT JOIN {kpis} AS kpis ON kpis.kpi = differing.kpi "
            "LEFT JOIN data ON data.kpi = differing.kpi AND data.period_start = differing.period_start "
            "AND data.period_end = differing.period_end",
            [moment],
        )


def _data(differing: str) -> str:
    """For each period in which values are restated, whether rows were corrected or came late.

    What happened on days of the period comes before what happened on others; of each, a correction comes first.
    """
    return (
        "SELECT period.kpi, period_start, period_end, "
        "max(CASE WHEN lost > 0 AND within THEN 4 WHEN within THEN 3 WHEN lost > 0 THEN 2 ELSE 1 END) IN (2, 4) "
        "AS is_correction FROM ("
        "SELECT period.kpi, period_start, period_end, lost, "
        "NOT by_day OR day IS NULL OR (day >= period_start AND day < period_end) AS within "
        f"FROM (SELECT DISTINCT kpi, period_start, period_end FROM {differing} WHERE {RESTATED}) AS period "
        "JOIN touched ON touched.kpi = period.kpi) AS period GROUP BY period.kpi, period_start, period_end"
    )


def _reason() -> str:
    """Why a value is said, as SQL: the likeliest cause of the first part that differs."""
    data = f"CASE WHEN is_correction THEN '{CORRECTION}' WHEN NOT is_correction THEN '{LATE}' END"
    likeliest = {
        flag: ", ".join(data if cause == "data" else f"CASE WHEN {cause} THEN '{cause}' END" for cause in causes)
        for flag, causes in CAUSES.items()
    }
    cases = " ".join(f"WHEN {flag} THEN coalesce({causes}, '{RULE}')" for flag, causes in likeliest.items())
    return (
        f"CASE WHEN NOT is_said THEN '{REMOVED}' WHEN NOT was_said THEN '{NEW}' WHEN NOT was_complete THEN NULL "
        f"{cases} END"
    )
