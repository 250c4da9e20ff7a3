"""Expectation: any Great Expectations expectation by its name."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from kpi_pipeline.checks.base import CheckBase


class ExpectationCheck(CheckBase):
    """An expectation of Great Expectations in its own words, with its own arguments."""

    type: Literal["expectation"] = Field(description="the kind of check")
    expectation: str = Field(pattern=r"^expect_[a-z0-9_]+$", description="its name in Great Expectations")
    arguments: dict[str, Any] = Field(
        default_factory=dict, description="its arguments, as Great Expectations names them"
    )
