"""What every kind of check shares."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kpi_pipeline.names import Expression, Noun, Share


class CheckBase(Noun):
    """An expectation on data; with `severity: error` its failure stops what depends on the data."""

    name: str = Field(default="", description="what it is reported under; by default its kind")
    severity: Literal["error", "warn"] = Field(
        default="error", description="error stops what depends on the data, warn only says so"
    )
    filter: Expression | None = Field(default=None, description="only rows for which this is true")
    tolerate: Share = Field(default=0, ge=0, lt=1, description="the share of rows that may fail, such as 0.1%")

    @property
    def looks_in(self) -> str | None:
        """The model or source that it compares this table with, besides the table itself."""
        return None

    @property
    def title(self) -> str:
        """The name it is reported under; unique on its table together with its place in the list."""
        return self.name or str(getattr(self, "type", "check"))
