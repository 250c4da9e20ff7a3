"""Matches: the column looks like a pattern."""

from __future__ import annotations

from typing import Literal

from kpi_pipeline.checks.base import CheckBase


class Matches(CheckBase):
    """Each value matches the regular expression as a whole or in part, as written; a missing value passes."""

    type: Literal["matches"]
    column: str
    pattern: str
