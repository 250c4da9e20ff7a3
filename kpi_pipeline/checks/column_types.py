"""Column types: the columns are there with these types."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kpi_pipeline.checks.base import CheckBase


class ColumnTypes(CheckBase):
    """Each column named is there and has the DuckDB type given."""

    type: Literal["column_types"] = Field(description="the kind of check")
    columns: dict[str, str] = Field(min_length=1, description="column -> DuckDB type, such as TIMESTAMP")
