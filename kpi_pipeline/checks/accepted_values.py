"""Accepted values: the column holds nothing but these."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from kpi_pipeline.checks.base import CheckBase


class AcceptedValues(CheckBase):
    """Each value is one of the list; a missing value passes."""

    of_single_rows: ClassVar[bool] = True

    type: Literal["accepted_values"] = Field(description="the kind of check")
    column: str = Field(description="the column it is about")
    values: tuple[str, ...] = Field(min_length=1, description="the values allowed")
