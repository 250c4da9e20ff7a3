"""First KPIs and their goals: the few metrics that say most, measured against their own past."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kpi_pipeline.names import LONGEST_NAME
from kpi_pipeline.periods import Grain
from kpi_pipeline.starter.history import History
from kpi_pipeline.starter.metrics import MetricDraft, MetricDrafts
from kpi_pipeline.starter.naming import in_a_sentence, unique_name
from kpi_pipeline.starter.roles import Role, Roles
from kpi_pipeline.starter.table import Rhythm

ADVERBS = {
    Grain.day: "daily",
    Grain.week: "weekly",
    Grain.month: "monthly",
    Grain.quarter: "quarterly",
    Grain.year: "yearly",
}
REVIEWS = {Grain.day: "week", Grain.week: "month", Grain.month: "quarter", Grain.quarter: "year", Grain.year: "year"}
STRETCH = 0.05
ENOUGH_FOR_MONTHS = 300
ENOUGH_FOR_WEEKS = 10
SEGMENTS_AT_MOST = 12


@dataclass(frozen=True)
class GoalDraft:
    """A goal that stands in until people agree on one."""

    name: str
    label: str
    statement: str


@dataclass(frozen=True)
class KpiDraft:
    """A KPI to be written."""

    name: str
    label: str
    metric: MetricDraft
    goal: GoalDraft
    grain: Grain
    direction: str
    breakdown: str
    target: dict[str, object] | None
    benchmark: dict[str, object] | None
    review: str


def grain_of(rhythm: Rhythm) -> Grain:
    """The grain at which the KPIs are looked at: coarse enough for the data, fine enough for its length."""
    if rhythm.cadence is not Grain.day:
        return rhythm.cadence
    if rhythm.span >= ENOUGH_FOR_MONTHS:
        return Grain.month
    return Grain.week if rhythm.span >= ENOUGH_FOR_WEEKS else Grain.day


def kpis_of(
    roles: Roles,
    drafts: MetricDrafts,
    rhythm: Rhythm,
    *,
    most: int,
    history: Callable[[MetricDraft, Grain], History | None],
    taken: set[str],
    goals_taken: set[str],
) -> tuple[KpiDraft, ...]:
    """Up to `most` KPIs: the main number with a target, the others with a benchmark."""
    grain = grain_of(rhythm)
    kpis: list[KpiDraft] = []
    for place, metric in enumerate(_chosen(drafts, most, lambda metric: history(metric, grain))):
        past = history(metric, grain)
        direction = "down" if metric.wants_less else "up"
        target = _target(past, direction, grain, metric) if place == 0 else None
        same_goal = place == 1 and metric in drafts.volumes
        goal = kpis[0].goal if same_goal else _goal(metric, direction, past, grain, goals_taken)
        kpis.append(
            KpiDraft(
                name=unique_name(f"{ADVERBS[grain]}_{metric.name}"[: LONGEST_NAME - 3].rstrip("_"), taken),
                label=f"{metric.label} {_per(metric)} {grain}",
                metric=metric,
                goal=goal,
                grain=grain,
                direction=direction,
                breakdown=_breakdown(roles) if place == 0 else "",
                target=target,
                benchmark=None if target else _benchmark(past, grain),
                review=REVIEWS[grain],
            )
        )
    return tuple(kpis)


def _chosen(drafts: MetricDrafts, most: int, history: Callable[[MetricDraft], History | None]) -> list[MetricDraft]:
    """The main number, another one that says how much, and one that says how well; none that never changes."""

    def tells(metric: MetricDraft) -> bool:
        past = history(metric)
        return past is not None and past.varies and all(tells(drafts.named(name)) for name in metric.inputs)

    volumes = [metric for metric in drafts.volumes if tells(metric)]
    qualities = [metric for metric in drafts.qualities if tells(metric)]
    wanted = [drafts.main, *volumes[:1], *qualities[:1], *qualities[1:], *volumes[1:]]
    return wanted[:most]


def _goal(metric: MetricDraft, direction: str, past: History | None, grain: Grain, taken: set[str]) -> GoalDraft:
    verb = "lower" if direction == "down" else "raise"
    label = f"{verb.capitalize()} {in_a_sentence(metric.label)}"
    aim = f"to {_written(_aim(past, direction, metric), metric)} {_per(metric)} {grain}" if past else "as agreed"
    return GoalDraft(
        unique_name(f"{verb}_{metric.name}"[: LONGEST_NAME - 3].rstrip("_"), taken),
        label,
        f"EXAMPLE: {label} {aim}",
    )


def _per(metric: MetricDraft) -> str:
    """What adds up comes a week; what does not is of the week."""
    return "a" if metric.fields.get("agg") in ("sum", "count", "count_distinct") else "of the"


def _aim(past: History, direction: str, metric: MetricDraft) -> float:
    """Five per cent better than usual; a share is never above 1, and there are no halves of what is counted."""
    aim = _stretched(past.usual, direction)
    unit = metric.fields.get("unit")
    if unit == "count":
        return float(math.floor(aim) if direction == "down" else math.ceil(aim))
    return min(aim, 1.0) if unit == "percent" else aim


def _written(value: float, metric: MetricDraft) -> str:
    if metric.fields.get("unit") == "percent":
        return f"{value * 100:g} %"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}"


def _target(past: History | None, direction: str, grain: Grain, metric: MetricDraft) -> dict[str, object] | None:
    """Five per cent better than usual: near enough to be met, far enough to say something."""
    if past is None or past.usual <= 0:
        return None
    return {
        "type": "at_most" if direction == "down" else "at_least",
        "values": [{"from": past.since.isoformat(), "value": plain(_aim(past, direction, metric))}],
        "provenance": f"EXAMPLE: 5 % better than the usual {grain} of the last {past.periods}",
    }


def _benchmark(past: History | None, grain: Grain) -> dict[str, object]:
    if past is None:
        return {"value": 0, "source": "EXAMPLE: write a value to compare with"}
    return {"value": plain(rounded(past.usual, 3)), "source": f"EXAMPLE: the usual {grain} of the last {past.periods}"}


def _stretched(usual: float, direction: str) -> float:
    return rounded(usual * (1 - STRETCH if direction == "down" else 1 + STRETCH), 2)


def rounded(value: float, digits: int) -> float:
    """The value with so many digits that count.

    >>> rounded(123456.0, 2), rounded(0.63420, 3), rounded(0, 2)
    (120000.0, 0.634, 0.0)
    """
    if not value or not math.isfinite(value):
        return 0.0
    return round(value, digits - 1 - math.floor(math.log10(abs(value))))


def plain(value: float) -> int | float:
    """Whole numbers without a point."""
    return int(value) if value == int(value) else value


def _breakdown(roles: Roles) -> str:
    """The first attribute with a handful of values: enough to compare, few enough to read."""
    handy: Sequence[str] = [
        part.name
        for part in roles.of(Role.attribute)
        if 2 <= part.column.distinct <= SEGMENTS_AT_MOST and part.column.share_present >= 0.5
    ]
    others = [part.name for part in roles.of(Role.attribute) if part.column.share_present >= 0.5]
    return next(iter([*handy, *others]), "")
