"""Relationships: every key is found in another table."""

from __future__ import annotations

from typing import Literal

from kpi_pipeline.checks.base import CheckBase
from kpi_pipeline.names import Name


class Relationships(CheckBase):
    """Each value of the column is found in a column of another model or source; a missing value passes."""

    type: Literal["relationships"]
    column: str
    to: Name
    field: str | None = None
