"""Recency: the newest row is young enough."""

from __future__ import annotations

from typing import Literal

from kpi_pipeline.checks.base import CheckBase
from kpi_pipeline.periods import WindowText


class Recency(CheckBase):
    """The newest value of the column lies at most `within` before the project's as-of moment."""

    type: Literal["recency"]
    column: str
    within: WindowText
