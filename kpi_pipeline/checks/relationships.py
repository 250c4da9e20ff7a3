"""Relationships: every key is found in another table."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from kpi_pipeline.checks.base import CheckBase
from kpi_pipeline.names import Name


class Relationships(CheckBase):
    """Each value of the column is found in a column of another model or source; a missing value passes."""

    of_single_rows: ClassVar[bool] = True

    type: Literal["relationships"] = Field(description="the kind of check")
    column: str = Field(description="the column that points to the other table")
    to: Name = Field(description="the model or source it points to")
    field: str | None = Field(default=None, description="the column there; by default the one of the same name")

    @property
    def looks_in(self) -> str | None:
        """The table that the keys point to."""
        return self.to
