"""X: a target outside anything the history makes plausible, or met all year with room to spare."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from statistics import fmean, median

from kpi_pipeline.kpis import Direction, Kpi
from kpi_pipeline.load.rules.base import Example, Remark, Rule, nothing
from kpi_pipeline.load.rules.known import Known, Point, values_of
from kpi_pipeline.periods import Grain
from kpi_pipeline.project import Project
from kpi_pipeline.segments import TOTAL
from kpi_pipeline.targets import AtLeast, AtMost, Growth, PathBase, Target, Within

PERIODS_A_YEAR = {Grain.day: 365, Grain.week: 52, Grain.month: 12, Grain.quarter: 4, Grain.year: 1}
FEWEST = 8
"""Complete periods with a value that a judgement needs."""
WIDTHS = 4.0
"""How many times the usual unrest of the moves from period to period a value may be away from where it drifts."""
AS_NORMAL = 1.4826
"""What makes a median absolute deviation a standard deviation where moves are spread normally."""


@dataclass(frozen=True)
class _Aim:
    """Bounds to be kept from a day on."""

    day: date
    low: float | None
    high: float | None


def _look(project: Project, known: Known) -> Iterator[Remark]:
    for kpi in project.kpis.values():
        points = [one for one in known.series.get(kpi.name, ()) if one.value is not None]
        if kpi.target is None or kpi.grain not in PERIODS_A_YEAR or len(points) < FEWEST:
            continue
        aims = _aims(kpi.target, points[-1])
        a_year = PERIODS_A_YEAR[kpi.grain]
        far = next((aim for aim in aims if _is_out_of_reach(aim, points, a_year)), None)
        if far:
            yield _remark(
                kpi,
                f"lies far outside its history: {_bounds(far)}, and the last {len(points)} periods were between "
                f"{min(values_of(points)):g} and {max(values_of(points)):g}",
                "say what will change the number that much, or agree on a step that can be reached",
            )
        elif _is_long_met(kpi, aims, points, a_year):
            yield _remark(
                kpi,
                f"was met in each of the last {a_year} periods, with more room than the values vary",
                "agree on a target that is still ahead, or watch something that needs attention",
            )


def _remark(kpi: Kpi, said: str, hint: str) -> Remark:
    return Remark("kpis", kpi, f"The target of KPI '{kpi.name}' {said}.", hint, "target")


def _bounds(aim: _Aim) -> str:
    return " and ".join(
        f"at {word} {bound:g}" for word, bound in (("least", aim.low), ("most", aim.high)) if bound is not None
    )


def _aims(target: Target, last: Point) -> tuple[_Aim, ...]:
    """The bounds of the total that hold now and those to come, by the definition rather than by what was published."""
    published = _Aim(last.period, last.low, last.high)
    if isinstance(target, PathBase):
        up = target.type == "increase_to"
        stages = [_Aim(one.by, *_sides(one.value, up=up)) for one in target.values if one.segment == TOTAL]
        return (published, *(aim for aim in stages if aim.day > last.period))
    aims = sorted(_written(target), key=lambda aim: aim.day)
    now = [aim for aim in aims if aim.day <= last.period][-1:]
    return (*(now or [published]), *(aim for aim in aims if aim.day > last.period))


def _written(target: Target) -> list[_Aim]:
    """The dated bounds of the total that the definition itself gives."""
    match target:
        case AtLeast() | AtMost() if target.accumulate is None:
            up = isinstance(target, AtLeast)
            return [_Aim(one.from_, *_sides(one.value, up=up)) for one in target.values if one.segment == TOTAL]
        case Within():
            return [_Aim(one.from_, one.low, one.high) for one in target.values if one.segment == TOTAL]
        case _:
            return []


def _sides(value: float, *, up: bool) -> tuple[float | None, float | None]:
    return (value, None) if up else (None, value)


def _is_out_of_reach(aim: _Aim, points: Sequence[Point], a_year: int) -> bool:
    """Whether neither the history nor where it drifts comes near.

    The history comes near up to its extreme value and the whole of its range beyond it. The drift is the median of the
    moves from period to period, the unrest around it their median absolute deviation, which grows with the square root
    of the periods to come: a year's, or as many as there are until the day of the target.
    """
    values = values_of(points)
    lowest, highest = min(values), max(values)
    moves = [later - earlier for earlier, later in pairwise(values)]
    drift = median(moves)
    apart = [abs(move - drift) for move in moves]
    unrest = max(AS_NORMAL * median(apart), fmean(apart))
    if lowest == highest:
        return False
    ahead = max(a_year, math.ceil((aim.day - points[-1].period).days / 365 * a_year))
    level, spread = median(values[-3:]), WIDTHS * unrest * math.sqrt(ahead)
    up = max(highest + (highest - lowest), level + max(drift, 0) * ahead + spread)
    down = min(lowest - (highest - lowest), level + min(drift, 0) * ahead - spread)
    return (aim.low is not None and aim.low > up) or (aim.high is not None and aim.high < down)


def _is_long_met(kpi: Kpi, aims: Sequence[_Aim], points: Sequence[Point], a_year: int) -> bool:
    """Whether the worst period of the last year is further from every bound than the year's values are from each other.

    What is to be kept where it is (a band, a KPI that holds) is meant to be met all the time.
    """
    year = points[-a_year:]
    if isinstance(kpi.target, Within) or kpi.direction is Direction.hold or len(year) < a_year:
        return False
    values = values_of(year)
    varies = max(values) - min(values)
    if isinstance(kpi.target, Growth):
        aims = ()
    held = [(one.low, one.high, value) for one, value in zip(year, values, strict=True)]
    ahead = [(aim.low, aim.high, worst) for aim in aims for worst in (min(values), max(values))]
    return all(_room(*one) > varies for one in (*held, *ahead))


def _room(low: float | None, high: float | None, value: float) -> float:
    """How far a value is inside its bounds; below zero it is outside, and without bounds nothing is met."""
    rooms = [value - low] if low is not None else []
    rooms += [high - value] if high is not None else []
    return min(rooms, default=-math.inf)


_TARGET = (
    "kpis:\n"
    "  - name: orders_a_month\n"
    "    metric: orders\n"
    "    grain: month\n"
    "    target: {type: at_least, values: [{from: 2024-01, value: %s}]}"
)
_HISTORY = {"orders_a_month": (410.0, 432, 405, 441, 428, 419, 450, 437, 444, 431, 446, 452)}

FAR_FROM_HISTORY = Rule(
    "X",
    "warning",
    "a target far outside the history, or met all year",
    nothing,
    reason="A target that nothing in the history leads to is given up in the first month; one that is met whatever "
    "happens has nothing to say. Both take the place of a target that could steer.",
    bad=Example(_TARGET % "4000", values=_HISTORY),
    good=Example(_TARGET % "470", values=_HISTORY),
    look_at_data=_look,
    needs_values=True,
)
