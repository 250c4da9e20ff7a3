"""What the data says of each claim that one KPI leads another: everything the pages of evidence look up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kpi_pipeline.publish.scorecard.snapshot import Row, Snapshot
from kpi_pipeline.segments import TOTAL

Pair = tuple[str, str]
Key = tuple[str, str, str, int, str]
"""Leader, follower, grain, claimed lag and segment."""

EVIDENCE = "evidence.html"
"""The page of all claims."""

CLAIM = ("kpi", "leads_kpi", "grain", "expected_lag", "segment")


@dataclass(frozen=True)
class Findings:
    """The claim on each pair of KPIs, and what was measured of it."""

    claims: Mapping[Pair, Row] = field(default_factory=dict)
    """Leader and follower -> what was found in total."""
    segments: Mapping[Pair, list[Row]] = field(default_factory=dict)
    lags: Mapping[Key, list[Row]] = field(default_factory=dict)
    windows: Mapping[Key, list[Row]] = field(default_factory=dict)
    history: Mapping[Key, list[Row]] = field(default_factory=dict)
    values: Mapping[tuple[str, str], list[Row]] = field(default_factory=dict)
    """Metric and grain -> its complete periods, oldest first."""


def findings_of(snapshot: Snapshot) -> Findings:
    """The tables of the evidence, by what pages ask for; of earlier publications there is less."""
    rows = [row for row in snapshot.rows("kpi_evidence") if row["kpi"] and row["leads_kpi"]]
    return Findings(
        claims={(row["kpi"], row["leads_kpi"]): row for row in sorted(rows, key=key_of) if row["segment"] == TOTAL},
        segments=_by_pair(row for row in rows if row["segment"] != TOTAL),
        lags=_by_claim(snapshot.rows("kpi_evidence_lag", *CLAIM, "at_lag")),
        windows=_by_claim(snapshot.rows("kpi_evidence_window", *CLAIM, "first_period")),
        history=_by_claim(snapshot.rows("kpi_evidence_history", *CLAIM, "recorded_at")),
        values=_by_metric(snapshot.rows("metric_value", "metric", "grain", "period_start_utc")),
    )


def key_of(row: Row) -> Key:
    """What tells a claim, or a segment of it, from all others."""
    return row["kpi"], row["leads_kpi"], row["grain"], row["expected_lag"], row["segment"]


def claim_page(leader: str, follower: str) -> str:
    """Where the page of a claim lies in the folder.

    >>> claim_page("new_customers", "sales")
    'evidence/new_customers.sales.html'
    """
    return f"evidence/{leader}.{follower}.html"


def _by_pair(rows: Iterable[Row]) -> dict[Pair, list[Row]]:
    found: dict[Pair, list[Row]] = {}
    for row in sorted(rows, key=key_of):
        found.setdefault((row["kpi"], row["leads_kpi"]), []).append(row)
    return found


def _by_claim(rows: Iterable[Row]) -> dict[Key, list[Row]]:
    found: dict[Key, list[Row]] = {}
    for row in rows:
        found.setdefault(key_of(row), []).append(row)
    return found


def _by_metric(rows: Iterable[Row]) -> dict[tuple[str, str], list[Row]]:
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        found.setdefault((row["metric"], row["grain"]), []).append(row)
    return found
