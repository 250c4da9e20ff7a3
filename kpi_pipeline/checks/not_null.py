"""Not null: the columns always have a value."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from kpi_pipeline.checks.base import CheckBase


class NotNull(CheckBase):
    """Every row has a value in each of the columns."""

    of_single_rows: ClassVar[bool] = True

    type: Literal["not_null"] = Field(description="the kind of check")
    columns: tuple[str, ...] = Field(min_length=1, description="the columns it is about")
