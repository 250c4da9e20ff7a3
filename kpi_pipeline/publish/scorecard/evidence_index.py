"""The page of all claims: who is said to lead whom, and what the data says of that."""

from __future__ import annotations

from dataclasses import dataclass

from kpi_pipeline.evidence_numbers import found_written
from kpi_pipeline.evidence_words import MEANINGS, VERDICTS, lag_written
from kpi_pipeline.publish.scorecard.book import Book
from kpi_pipeline.publish.scorecard.evidence_page import ShownVerdict, verdict_of
from kpi_pipeline.publish.scorecard.findings import claim_page
from kpi_pipeline.publish.scorecard.page import Reference


@dataclass(frozen=True)
class ClaimLine:
    """A claim in a line."""

    leader: Reference
    follower: Reference
    page: str
    claimed: str
    verdict: ShownVerdict
    measured: str
    error: str
    data: str
    fading: bool


@dataclass(frozen=True)
class EvidenceIndex:
    """The whole page."""

    lines: tuple[ClaimLine, ...]
    counts: tuple[tuple[str, int], ...]
    """Each verdict that was reached, in words, and how many claims have it."""
    meanings: tuple[tuple[str, str], ...]


def evidence_index(book: Book) -> EvidenceIndex:
    """All claims, those confirmed first."""
    order = {verdict: at for at, verdict in enumerate(VERDICTS)}
    kpis = book.around.kpis
    rows = sorted(
        book.findings.claims.values(),
        key=lambda row: (order.get(row["verdict"], len(order)), kpis[row["leads_kpi"]], kpis[row["kpi"]]),
    )
    reached = [row["verdict"] for row in rows]
    return EvidenceIndex(
        tuple(
            ClaimLine(
                Reference(row["kpi"], kpis[row["kpi"]]),
                Reference(row["leads_kpi"], kpis[row["leads_kpi"]]),
                claim_page(row["kpi"], row["leads_kpi"]),
                lag_written(row["expected_lag"], row["grain"]),
                verdict_of(row),
                *found_written(row),
                "fading" in (row["remarks"] or ""),
            )
            for row in rows
        ),
        tuple((VERDICTS[one], reached.count(one)) for one in VERDICTS if one in reached),
        tuple((VERDICTS[one], MEANINGS[one]) for one in VERDICTS if one in reached),
    )
