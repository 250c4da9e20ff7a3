"""Matches: the column looks like a pattern."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from kpi_pipeline.checks.base import CheckBase


class Matches(CheckBase):
    """Each value matches the regular expression as a whole or in part, as written; a missing value passes."""

    of_single_rows: ClassVar[bool] = True

    type: Literal["matches"] = Field(description="the kind of check")
    column: str = Field(description="the column it is about")
    pattern: str = Field(description="a regular expression; ^ and $ tie it to the whole value")

    @model_validator(mode="after")
    def _sets_aside_by_what_can_be_read(self) -> Self:
        """Asks the same kind of engine as the warehouse's: without looking around, in time that grows with the text."""
        if not self.sets_aside:
            return self
        import polars as pl

        try:
            pl.Series([""]).str.contains(self.pattern)
        except pl.exceptions.ComputeError as problem:
            said = [line for line in str(problem).splitlines() if line.startswith("error: ")] or ["it is malformed"]
            raise ValueError(f"the pattern {self.pattern} cannot be read: {said[0].removeprefix('error: ')}") from None
        return self
