"""File: CSV, Parquet or JSON lines on this machine."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kpi_pipeline.names import Noun


class FileConnector(Noun):
    """Files matched by a path with wildcards, relative to the project's root; the suffix says the format."""

    type: Literal["file"] = Field(description="the kind of connector")
    path: str = Field(description="such as data/invoices/*.parquet")
    format: Literal["csv", "parquet", "jsonl"] | None = Field(
        default=None, description="where the suffix does not say it"
    )
    delimiter: str | None = Field(
        default=None, min_length=1, max_length=1, description="CSV: found out where not given"
    )
    encoding: str = Field(default="utf-8", description="how text is encoded, such as latin-1")
