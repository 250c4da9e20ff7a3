"""The nouns of the scorecard's pages: frozen, every value already in the words and numbers a reader sees."""

from __future__ import annotations

from dataclasses import dataclass

from kpi_pipeline.publish.scorecard.status import Status
from kpi_pipeline.publish.scorecard.trend import Trend


@dataclass(frozen=True)
class Change:
    """How a value moved against an earlier one: `up`, `down` or `level`, and by how much."""

    way: str
    amount: str
    against: str


@dataclass(frozen=True)
class Attainment:
    """How far a value is towards its target, in words and as shares of a bar's length."""

    text: str
    reached: float
    goal: float


@dataclass(frozen=True)
class Reference:
    """Another KPI on the page, and what is said of it."""

    kpi: str
    label: str
    remark: str = ""


@dataclass(frozen=True)
class Role:
    """What a KPI tells somebody: leading or lagging, for whom, towards which outcome, and why."""

    indicator: str
    viewpoints: str
    reason: str
    outcome: Reference | None = None


@dataclass(frozen=True)
class Unfinished:
    """The period in progress: what is there so far, and what it may come to."""

    period: str
    value: str
    projection: str = ""


@dataclass(frozen=True)
class Share:
    """One segment: its value, and the length of its bar as a share of the longest."""

    label: str
    value: str
    length: float
    below_zero: bool = False


@dataclass(frozen=True)
class Segments:
    """The largest segments of one breakdown."""

    title: str
    shares: tuple[Share, ...]
    more: int = 0


@dataclass(frozen=True)
class KpiCard:
    """Everything the page says of one KPI."""

    name: str
    label: str
    description: str
    status: Status
    period: str
    value: str
    target: str
    attainment: Attainment | None
    trend: Trend | None
    record: str
    changes: tuple[Change, ...]
    indicator: str
    roles: tuple[Role, ...]
    led_by: tuple[Reference, ...]
    unfinished: Unfinished | None
    segments: Segments | None
    notes: tuple[str, ...]
    caution: str
    facts: tuple[tuple[str, str], ...]
    """Formula, owner, review and the like: a word and what it is here."""


@dataclass(frozen=True)
class GoalCard:
    """A goal and the KPIs that serve it; those shown under another goal are only named here."""

    name: str
    label: str
    statement: str
    facts: tuple[str, ...]
    part_of: str
    kpis: tuple[KpiCard, ...]
    also: tuple[Reference, ...] = ()


@dataclass(frozen=True)
class FailedCheck:
    """A check that did not pass, and what it saw."""

    asset: str
    name: str
    stops: bool
    observed: str
    expected: str
