"""The reviews that should have been held by now."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from kpi_pipeline.publish.scorecard.book import Book
from kpi_pipeline.publish.scorecard.dates import day_written, is_past
from kpi_pipeline.publish.scorecard.page import Reference


@dataclass(frozen=True)
class Overdue:
    """A KPI nobody has looked at in time."""

    kpi: Reference
    owner: str
    every: str
    last: str
    due: str


def overdue_of(book: Book, kpis: Collection[str]) -> tuple[Overdue, ...]:
    """The overdue reviews of some KPIs, the longest overdue first."""
    late = [row for name, row in book.kpis.items() if name in kpis and is_past(row["review_due"], row["as_of"])]
    return tuple(
        Overdue(
            Reference(row["kpi"], book.cards[row["kpi"]].label),
            book.around.people.get(row["owner"] or "", ""),
            row["review_every"] or "",
            day_written(row["last_reviewed"]) if row["last_reviewed"] else "never",
            day_written(row["review_due"]),
        )
        for row in sorted(late, key=lambda row: (row["review_due"], row["kpi"]))
    )
