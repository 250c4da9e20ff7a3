"""Unique: no two rows agree in all the columns."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from kpi_pipeline.checks.base import CheckBase


class Unique(CheckBase):
    """No two rows have the same values in all the columns together."""

    of_single_rows: ClassVar[bool] = True

    type: Literal["unique"] = Field(description="the kind of check")
    columns: tuple[str, ...] = Field(min_length=1, description="the columns that together name a row")
