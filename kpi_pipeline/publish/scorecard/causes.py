"""What a KPI is said to lead, what is said to lead it, why, and what the data says of that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kpi_pipeline.evidence_numbers import correlation_written
from kpi_pipeline.evidence_words import lag_written
from kpi_pipeline.publish.scorecard.findings import claim_page
from kpi_pipeline.publish.scorecard.page import Reference
from kpi_pipeline.publish.scorecard.roles import told_of
from kpi_pipeline.publish.scorecard.snapshot import Row

SIGNS = {"positive": "both rise", "negative": "one rises, the other falls"}


@dataclass(frozen=True)
class Cause:
    """A claim that one KPI leads another, seen from one of them."""

    other: Reference
    lag: str
    sign: str
    because: str
    verdict: str
    measured: str
    page: str
    """Where everything that was tested stands."""


def causes_of(
    rows: Sequence[Row], end: str, kpis: Mapping[str, str], because: Mapping[tuple[str, str], str]
) -> tuple[Cause, ...]:
    """The claims in which `end` (kpi or leads_kpi) names the other KPI."""
    return tuple(
        Cause(
            Reference(row[end], kpis[row[end]]),
            lag_written(row["expected_lag"], row["grain"]),
            SIGNS.get(row["expected_sign"] or "", ""),
            because.get((row["kpi"], row["leads_kpi"]), ""),
            told_of(row),
            _measured(row),
            claim_page(row["kpi"], row["leads_kpi"]),
        )
        for row in rows
        if row[end] in kpis
    )


def _measured(row: Row) -> str:
    told = (
        "" if row["measured_lag"] is None else f"measured {lag_written(row['measured_lag'], row['grain'])}",
        "" if row["correlation"] is None else f"correlation {correlation_written(row['correlation'])}",
        "" if row["periods"] is None else f"over {row['periods']} {row['grain']}s",
    )
    return ", ".join(part for part in told if part)
