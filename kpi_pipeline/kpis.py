"""KPIs: metrics somebody decided are important, with goal, target, owner and review."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from kpi_pipeline.checks import KpiCheck
from kpi_pipeline.metrics.base import Unit
from kpi_pipeline.names import Name, Named, Noun
from kpi_pipeline.periods import DayGrain, FirstDay, Grain
from kpi_pipeline.restating import Freeze, Restatement
from kpi_pipeline.status import StatusRules
from kpi_pipeline.targets import Target


class Direction(StrEnum):
    """Which way is better."""

    up = "up"
    down = "down"
    hold = "hold"


class Indicator(StrEnum):
    """What a KPI tells a viewpoint: what happened, what is likely to, what happens now, or nobody has said."""

    leading = "leading"
    lagging = "lagging"
    coincident = "coincident"
    unclassified = "unclassified"


class GoalShare(Noun):
    """A goal the KPI serves, and how much it counts there."""

    goal: Name = Field(description="the goal it serves")
    weight: float = Field(default=1, gt=0, description="how much the KPI counts in that goal")


class Review(Noun):
    """How often people look at the KPI, and when they last did."""

    every: DayGrain = Field(description="how often it is to be looked at")
    last: FirstDay | None = Field(default=None, description="when it was looked at last, such as 2010-11-30")


class Benchmark(Noun):
    """A value from outside to compare with where there is no target yet."""

    value: float = Field(description="the value to compare with")
    source: str = Field(description="where it comes from")


class Annotation(Noun):
    """Something that happened in a period and explains its value."""

    period: FirstDay = Field(description="when it happened, such as 2010-04 or 2010-W14")
    text: str = Field(description="what happened")


def _rules_alone(value: object) -> object:
    """A list of rules is all there is to say."""
    return {"rules": value} if isinstance(value, list | tuple) else value


class Kpi(Named):
    """A metric with goal, target, owner, direction, grain and review rhythm."""

    metric: Name = Field(description="the metric it watches")
    goal: Name | None = Field(default=None, description="the goal it serves")
    goals: tuple[GoalShare, ...] = Field(
        default=(),
        description="the goals it serves, instead of `goal` where there are several; the first is the primary one",
    )
    team: Name | None = Field(default=None, description="the team that answers for it")
    owner: Name | None = Field(default=None, description="the person who answers for it")
    parent_kpi: Name | None = Field(default=None, description="the KPI above it in a tree of KPIs")
    direction: Direction = Field(description="which way is better")
    grain: Grain = Field(description="how long its periods are")
    breakdowns: tuple[tuple[str, ...], ...] = Field(
        default=((),), description="lists of dimensions to break it down by; [] is the total and always the first"
    )
    segments_at_most: int = Field(default=200, ge=1, description="the largest segments kept; the rest is (other)")
    weight: float = Field(default=1, gt=0, description="how much it counts in the goal named by `goal`")
    target: Target | None = Field(default=None, description="the value to reach")
    status: Annotated[StatusRules, BeforeValidator(_rules_alone)] = Field(
        default=StatusRules(), description="rules, and where at risk ends and off track begins"
    )
    review: Review | None = Field(default=None, description="how often people look at it, and when they last did")
    scorecards: tuple[str, ...] = Field(default=(), description="whose scorecards it stands on: teams, or company")
    benchmark: Benchmark | None = Field(default=None, description="a value from outside to compare with")
    annotations: tuple[Annotation, ...] = Field(default=(), description="what happened in single periods")
    checks: tuple[KpiCheck, ...] = Field(
        default=(), description="what has to hold of its values, or they are not published: see check"
    )
    restatement: Restatement | None = Field(
        default=None, description="when a restated value is worth a warning; by default as the project says"
    )
    freeze: Freeze | None = Field(
        default=None, description="until when its published values stay as they are; by default as the project says"
    )
    formerly: tuple[Name, ...] = Field(default=(), description="names it had before")
    indicator: Indicator | None = Field(default=None, description="overrules what goals and links say")
    measures: str = Field(default="direct", pattern=r"^(direct|proxy( .+)?)$", description="direct, or proxy for what")
    counts: Literal["result", "activity"] = Field(default="result", description="what comes out, or what is done")

    @model_validator(mode="after")
    def _goal_once(self) -> Self:
        if self.goal and self.goals:
            raise ValueError("give 'goal' or 'goals', not both")
        if () not in self.breakdowns:
            raise ValueError("'breakdowns' always holds the total: begin the list with []")
        return self

    @property
    def serves(self) -> tuple[GoalShare, ...]:
        """The goals it serves; the first is the primary one."""
        return self.goals or ((GoalShare(goal=self.goal, weight=self.weight),) if self.goal else ())

    @property
    def told_apart_by(self) -> tuple[tuple[str, ...], ...]:
        """Its breakdowns, each once: the order in which dimensions are written makes no other breakdown."""
        return tuple(dict.fromkeys(tuple(sorted(breakdown)) for breakdown in self.breakdowns))


@dataclass(frozen=True)
class Classified:
    """What a KPI is to a viewpoint (a team, or the company), and why."""

    kpi: str
    viewpoint: str
    indicator: Indicator
    outcome_kpi: str | None
    path: str | None
    reason: str


def written(value: float | None, unit: Unit, currency: str, *, beside: float | None = None) -> str:
    """A number as people read it, by its unit; a missing one is a dash. Number and unit never part at a line's end.

    Large numbers lose their decimals. Numbers that stand together should lose the same ones: give the largest of them
    as `beside`.

    >>> written(1234567.8, Unit.currency, "GBP"), written(-12.5, Unit.currency, "EUR"), written(None, Unit.count, "")
    ('£1,234,568', '-€12.50', '–')
    >>> written(0.6342, Unit.percent, ""), written(0.00041, Unit.percent, ""), written(1200.4, Unit.currency, "CHF")
    ('63.4\xa0%', '0.04\xa0%', '1,200\xa0CHF')
    >>> written(-0.2, Unit.count, ""), written(36.25, Unit.hours, ""), written(12.5, Unit.currency, "GBP", beside=4000)
    ('0', '36.2\xa0h', '£12')
    """
    if value is None:
        return MISSING
    size = max(abs(value), abs(beside or 0))
    if unit is Unit.percent:
        return f"{_digits(value * 100, 2 if 0 < size < 0.01 else 1)}{NBSP}%"
    if unit is Unit.currency:
        return _money(value, currency, digits=2 if 0 < size < 1000 and currency not in _WITHOUT_CENTS else 0)
    if unit is Unit.count:
        return _digits(value, 0)
    return _digits(value, 0 if size >= 1000 else 1 if size >= 10 else 2) + _SUFFIXES.get(unit, "")


def share_written(value: float) -> str:
    """A share without decimals, with a true minus sign; one that is all but whole is never told as if it were.

    >>> share_written(1.118), share_written(0.9985), share_written(-0.034), share_written(-0.001)
    ('112\xa0%', '99.8\xa0%', '−3\xa0%', '0\xa0%')
    """
    return f"{per_hundred(value)}{NBSP}%".replace("-", MINUS)


def per_hundred(share: float) -> str:
    """The digits of a share per hundred: without decimals but for one that is all but whole.

    >>> per_hundred(1.118), per_hundred(0.9985), per_hundred(-0.001)
    ('112', '99.8', '0')
    """
    return f"{math.floor(share * 1000) / 10:.1f}" if 0.995 <= share < 1 else f"{round(share * 100):,d}"


MISSING = "–"
MINUS = "\N{MINUS SIGN}"
NBSP = "\N{NO-BREAK SPACE}"

_SUFFIXES = {
    Unit.points: f"{NBSP}pts",
    Unit.times: "×",
    Unit.minutes: f"{NBSP}min",
    Unit.hours: f"{NBSP}h",
    Unit.days: f"{NBSP}d",
    Unit.months: f"{NBSP}mo",
}
CURRENCY_SIGNS = {"GBP": "£", "EUR": "€", "USD": "$", "JPY": "¥"}
_WITHOUT_CENTS = frozenset({"JPY", "KRW", "VND", "CLP", "ISK"})


def _digits(value: float, digits: int) -> str:
    """With thousands separators; what rounds to nothing has no minus."""
    return f"{round(value, digits) + 0.0:,.{digits}f}"


def _money(value: float, currency: str, *, digits: int) -> str:
    number = _digits(value, digits)
    minus, amount = ("-", number[1:]) if number.startswith("-") else ("", number)
    sign = CURRENCY_SIGNS.get(currency)
    return f"{minus}{sign}{amount}" if sign else f"{minus}{amount}{NBSP}{currency}".rstrip()
