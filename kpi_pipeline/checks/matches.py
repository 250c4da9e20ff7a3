"""Matches: the column looks like a pattern."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from kpi_pipeline.checks.base import CheckBase


class Matches(CheckBase):
    """Each value matches the regular expression as a whole or in part, as written; a missing value passes."""

    of_single_rows: ClassVar[bool] = True

    type: Literal["matches"] = Field(description="the kind of check")
    column: str = Field(description="the column it is about")
    pattern: str = Field(description="a regular expression; ^ and $ tie it to the whole value")
