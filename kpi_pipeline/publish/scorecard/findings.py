"""What the data says of each claim that one KPI leads another: everything the pages of evidence look up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, TypeVar

from kpi_pipeline.publish.scorecard.snapshot import Row, Snapshot
from kpi_pipeline.segments import TOTAL
from kpi_pipeline.verdict import CLAIM_KEY

R = TypeVar("R")
K = TypeVar("K")

Pair = tuple[str, str]
Key = tuple[str, str, str, int, str]
"""Leader, follower, grain, claimed lag and segment."""

EVIDENCE = "evidence.html"
"""The page of all claims."""


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
    there = (row for row in snapshot.rows("kpi_evidence") if row["kpi"] and row["leads_kpi"])
    rows = sorted(there, key=key_of)
    return Findings(
        claims={_pair(row): row for row in rows if row["segment"] == TOTAL},
        segments=rows_by(_pair, (row for row in rows if row["segment"] != TOTAL)),
        lags=rows_by(key_of, snapshot.rows("kpi_evidence_lag", *CLAIM_KEY, "at_lag")),
        windows=rows_by(key_of, snapshot.rows("kpi_evidence_window", *CLAIM_KEY, "first_period")),
        history=rows_by(key_of, snapshot.rows("kpi_evidence_history", *CLAIM_KEY, "recorded_at")),
        values=rows_by(
            itemgetter("metric", "grain"), snapshot.rows("metric_value", "metric", "grain", "period_start_utc")
        ),
    )


def key_of(row: Mapping[str, Any]) -> Key:
    """What tells a claim, or a segment of it, from all others."""
    return row["kpi"], row["leads_kpi"], row["grain"], row["expected_lag"], row["segment"]


def claim_page(leader: str, follower: str) -> str:
    """Where the page of a claim lies in the folder.

    >>> claim_page("new_customers", "sales")
    'evidence/new_customers.sales.html'
    """
    return f"evidence/{leader}.{follower}.html"


def rows_by(key: Callable[[R], K], rows: Iterable[R]) -> dict[K, list[R]]:
    """Rows by what they have in common, in their order."""
    found: dict[K, list[R]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found


def _pair(row: Row) -> Pair:
    return row["kpi"], row["leads_kpi"]
