"""Goals: what somebody wants to achieve, arranged in frameworks."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from kpi_pipeline.names import Name, Named, Noun
from kpi_pipeline.periods import FirstDay


class Framework(StrEnum):
    """How a company arranges its goals."""

    mbo = "mbo"
    okr = "okr"
    omtm = "omtm"
    balanced_scorecard = "balanced_scorecard"

    @property
    def label(self) -> str:
        """The name people use."""
        return {
            "mbo": "Management by objectives",
            "okr": "Objectives and key results",
            "omtm": "The one metric that matters",
            "balanced_scorecard": "Balanced scorecard",
        }[self.value]


class Perspective(StrEnum):
    """The four sides of a balanced scorecard."""

    financial = "financial"
    customer = "customer"
    internal_process = "internal_process"
    learning_growth = "learning_growth"

    @property
    def label(self) -> str:
        """The name people use."""
        return {
            "financial": "Financial",
            "customer": "Customer",
            "internal_process": "Internal process",
            "learning_growth": "Learning and growth",
        }[self.value]


class RollUp(StrEnum):
    """How the KPIs of a goal become its score."""

    weighted = "weighted"
    worst = "worst"
    average = "average"
    share_on_track = "share_on_track"


class Span(Noun):
    """A stretch of days, first and last one included."""

    from_: FirstDay = Field(alias="from", description="the first day, such as 2010-01-01")
    to: FirstDay = Field(description="the last day, such as 2010-12-31; of a month or year its first day is taken")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.to < self.from_:
            raise ValueError(f"the period ends ({self.to}) before it begins ({self.from_})")
        return self


class Goal(Named):
    """What a team wants to achieve; goals form a tree."""

    statement: str = Field(description="what is to be achieved, in one sentence that can be judged true or false")
    framework: Framework | None = Field(default=None, description="the framework that arranges it")
    perspective: Perspective | None = Field(default=None, description="its side of a balanced scorecard")
    team: Name | None = Field(default=None, description="the team whose outcome it is")
    owner: Name | None = Field(default=None, description="the person who answers for it")
    agreed_by: tuple[str, ...] = Field(default=(), description="teams and people who agreed to it")
    tied_to_pay: bool = Field(default=False, description="whether somebody's pay depends on it")
    parent: Name | None = Field(default=None, description="the goal above; goals without one are the company's")
    period: Span | None = Field(default=None, description="the time in which it is to be reached")
    weight: float = Field(default=1, gt=0, description="how much it counts among the goals of its parent")
    ambition: int | None = Field(default=None, ge=1, le=10, description="objectives and key results: 1 to 10")
    roll_up: RollUp = Field(default=RollUp.weighted, description="how its KPIs become one score")
