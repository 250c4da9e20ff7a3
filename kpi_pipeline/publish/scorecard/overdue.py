"""The reviews that should have been held by now."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from kpi_pipeline.publish.scorecard.book import Book
from kpi_pipeline.publish.scorecard.dates import day_written
from kpi_pipeline.publish.scorecard.page import Reference
from kpi_pipeline.publish.scorecard.snapshot import Row


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
    late = [row for name, row in book.kpis.items() if name in kpis and is_overdue(row, book.latest(name))]
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


def is_overdue(kpi: Row, latest: Row | None) -> bool:
    """Whether its review was due before its own newest day, which stands for today."""
    return bool(kpi["review_due"] and latest and kpi["review_due"] < latest["last_day"])
