"""Goals: what somebody wants to achieve, arranged in frameworks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from kpi_pipeline.names import Name, Named, Noun, Share
from kpi_pipeline.periods import FirstDay, LastDay
from kpi_pipeline.status import Status


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


class GoalBands(Noun):
    """From which score on a goal is on track, and from which on only at risk."""

    on_track_from: Share = Field(ge=0, le=1, description="the score from which on it is on track, such as 90%")
    at_risk_from: Share = Field(ge=0, le=1, description="the score from which on it is at risk, such as 70%")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.on_track_from < self.at_risk_from:
            raise ValueError("'on_track_from' is less than 'at_risk_from'")
        return self

    @property
    def begins(self) -> tuple[tuple[Status, float], ...]:
        """The score from which on each status holds, the best first."""
        return (
            (Status.on_track, self.on_track_from),
            (Status.at_risk, self.at_risk_from),
            (Status.off_track, -math.inf),
        )

    def status_of(self, score: float) -> Status:
        """How a goal with that score stands.

        >>> USUAL_BANDS.status_of(0.7).value, USUAL_BANDS.status_of(0.69).value
        ('at_risk', 'off_track')
        """
        return next(status for status, begin in self.begins if score >= begin)


USUAL_BANDS = GoalBands(on_track_from=0.9, at_risk_from=0.7)
STRETCHED_BANDS = GoalBands(on_track_from=0.7, at_risk_from=0.4)
"""Those of objectives: key results are meant to be hard to reach."""


ENOUGH_COUNTED = 0.5
"""A goal is said to stand as in the latest period in which so much of its members' weight could be scored.

Where sources are of different ages, the few KPIs of the newest one would speak for all.
"""


class Span(Noun):
    """A stretch of days, first and last one included."""

    from_: FirstDay = Field(alias="from", description="the first day, such as 2010-01-01")
    to: LastDay = Field(description="the last day, such as 2010-12-31 or 2010-12")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.to < self.from_:
            raise ValueError(f"the period ends ({self.to}) before it begins ({self.from_})")
        return self

    @property
    def end(self) -> date:
        """The first day after it."""
        return self.to + timedelta(days=1)


class Goal(Named):
    """What a team wants to achieve; goals form a tree."""

    statement: str = Field(description="what is to be achieved, in one sentence that can be judged true or false")
    framework: Framework | None = Field(default=None, description="the framework that arranges it")
    perspective: Perspective | None = Field(default=None, description="its side of a balanced scorecard")
    team: Name | None = Field(default=None, description="the team whose outcome it is")
    owner: Name | None = Field(default=None, description="the person who answers for it")
    agreed_by: tuple[str, ...] = Field(default=(), description="teams and people who agreed to it")
    agreed_on: FirstDay | None = Field(default=None, description="the day they agreed, such as 2010-11-30")
    reviewed: tuple[FirstDay, ...] = Field(
        default=(), description="management by objectives: the days on which person and manager looked back together"
    )
    tied_to_pay: bool = Field(default=False, description="whether somebody's pay depends on it")
    parent: Name | None = Field(default=None, description="the goal above; goals without one are the company's")
    period: Span | None = Field(default=None, description="the time in which it is to be reached")
    weight: float = Field(default=1, gt=0, description="how much it counts among the goals of its parent")
    ambition: int | None = Field(default=None, ge=1, le=10, description="objectives and key results: 1 to 10")
    roll_up: RollUp = Field(default=RollUp.weighted, description="how its KPIs and the goals below become one score")
    cap: Share = Field(
        default=1.0, gt=0, description="how much one KPI or goal may count: with 100% none makes up for another"
    )
    status: GoalBands | None = Field(
        default=None, description="the scores of its status; by default 90% and 70%, of an OKR 70% and 40%"
    )

    @property
    def bands(self) -> GoalBands:
        """Where on track and at risk begin."""
        return self.status or (STRETCHED_BANDS if self.framework is Framework.okr else USUAL_BANDS)


@dataclass(frozen=True)
class FrozenGrade:
    """What a key result was graded when its objective was over; corrections of the data do not move it."""

    goal: str
    kpi: str
    objective_end: date
    """The objective's last day: an objective whose end is moved is another promise, and graded again."""
    period_label: str
    value: float
    baseline: float | None
    target: float | None
    grade: float
    frozen_at: datetime
