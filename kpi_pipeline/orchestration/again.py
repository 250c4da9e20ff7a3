"""What a run is asked to compute again, though nothing changed."""

from __future__ import annotations

from datetime import date

import dagster as dg
from pydantic import Field

from kpi_pipeline.errors import QueryError
from kpi_pipeline.periods import first_day_named


class Again(dg.Config):
    """The configuration of a project's step; by default only what changed is computed."""

    since: str | None = Field(
        default=None, description="Compute all days from this one on again: 2024-03-01, 2024-03, 2024-Q1 or '2024'."
    )
    full: bool = Field(default=False, description="Read every source and compute everything again.")

    @property
    def from_day(self) -> date | None:
        """The first day to compute again.

        Raises:
            QueryError: `since` names no day and no period.
        """
        if self.since is None:
            return None
        try:
            return first_day_named(self.since)
        except ValueError:
            raise QueryError.no_period("since", self.since) from None
