"""The KPIs whose status turned in their latest complete period."""

from __future__ import annotations

from dataclasses import dataclass

from kpi_pipeline.publish.scorecard.book import Book
from kpi_pipeline.publish.scorecard.page import KpiCard
from kpi_pipeline.publish.scorecard.status import Status, status_called
from kpi_pipeline.status import JUDGED


@dataclass(frozen=True)
class Turn:
    """A KPI that stood otherwise in the period before."""

    card: KpiCard
    before: Status

    @property
    def worse(self) -> bool:
        """Whether it turned for the worse."""
        return JUDGED.index(self.card.status.key) > JUDGED.index(self.before.key)


def turns_of(book: Book) -> tuple[Turn, ...]:
    """What turned for the worse first."""
    turns = []
    for name, card in book.cards.items():
        judged = [row for row in book.series.get(name, []) if row["is_complete"]][-2:]
        if (
            len(judged) == 2
            and all(row["status"] in JUDGED for row in judged)
            and judged[0]["status"] != judged[1]["status"]
        ):
            turns.append(Turn(card, status_called(judged[0]["status"])))
    return tuple(sorted(turns, key=lambda turn: (not turn.worse, turn.card.label)))
