"""The six things a scorecard can say of a KPI, in the order a reader meets them."""

from __future__ import annotations

from dataclasses import dataclass

from kpi_pipeline.errors import InternalError
from kpi_pipeline.status import Status as Kept


@dataclass(frozen=True)
class Status:
    """A status as the tables write it, the words people read, and what it means."""

    key: str
    word: str
    meaning: str

    @property
    def sign(self) -> str:
        """A mark beside the word."""
        return Kept(self.key).sign


STATUSES = (
    Status("on_track", "On track", "The target is met."),
    Status("at_risk", "At risk", "The target is missed by little: within the margin agreed for this KPI."),
    Status("off_track", "Off track", "The target is missed by more than that margin."),
    Status("in_progress", "In progress", "No period is complete yet, so there is nothing to judge."),
    Status("no_target", "No target", "There is a value, but nobody has said what it should be."),
    Status("no_data", "No data", "The value could not be computed for this period. It is unknown, not zero."),
)


def status_called(key: str | None) -> Status:
    """The status a table names; none at all means no data.

    >>> status_called("at_risk").word, status_called(None).word
    ('At risk', 'No data')
    """
    for status in STATUSES:
        if status.key == (key or "no_data"):
            return status
    raise InternalError(f"The published tables hold the status '{key}', which the scorecard does not know.")
