"""Objectives and key results: grades from 0 to 1, frozen once the objective's time is over.

A key result is graded by the last complete period of its KPI that ends within the objective's own time. On a way from a
baseline the grade is (value - baseline) / (target - baseline), where the target is what the way asks for on the
objective's last day; any other target grades by its attainment. Grades end at 0 and 1.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta

import polars as pl

from kpi_pipeline.goals import Framework, FrozenGrade, Goal
from kpi_pipeline.judge.frameworks.stands import Row, complete, goals_of, last_complete, weighted_mean
from kpi_pipeline.judge.path import expected, way_points
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.project import Project
from kpi_pipeline.segments import TOTAL
from kpi_pipeline.targets import DecreaseTo, PathBase


def graded(project: Project, values: pl.DataFrame, given: pl.DataFrame) -> list[Row]:
    """Every key result as the data of today grades it, with the columns of `okr_key_result` and `is_over`.

    `values` are rows of `kpi_value`, `given` the numbers of all targets.
    """
    return [
        _graded(goal, kpi, weight, values, given)
        for goal in goals_of(project, Framework.okr)
        for kpi, weight in project.members_of(goal.name)
    ]


def with_frozen(
    results: Iterable[Row], frozen: Collection[FrozenGrade], project: Project, now: datetime
) -> tuple[list[Row], list[FrozenGrade]]:
    """The key results with grades that were frozen in their place, and the grades that are to be frozen now."""
    rows, fresh = [], []
    for one in results:
        known = _known(one, frozen, project)
        if known is None and one["is_over"] and one["grade"] is not None:
            known = _frozen(one, now)
            fresh.append(known)
        row = {name: value for name, value in one.items() if name != "is_over"}
        rows.append(row if known is None else row | _as_frozen(known))
    return rows, fresh


def objectives(project: Project, results: Iterable[Row]) -> list[Row]:
    """Every objective with its grade: those of its key results by their weight; frozen once all of them are."""
    by_goal: dict[str, list[Row]] = {}
    for one in results:
        by_goal.setdefault(one["goal"], []).append(one)
    return [_objective(goal, by_goal.get(goal.name, [])) for goal in goals_of(project, Framework.okr)]


def _graded(goal: Goal, kpi: Kpi, weight: float, values: pl.DataFrame, given: pl.DataFrame) -> Row:
    first, last = (goal.period.from_, goal.period.to) if goal.period else (None, None)
    found = last_complete(values, kpi.name, first, last)
    value = found["value"] if found else None
    baseline, target, grade, by = _grade(kpi, last, found, values, given)
    return {
        "goal": goal.name,
        "kpi": kpi.name,
        "weight": weight,
        **_time(goal),
        "grain": kpi.grain.value,
        "period_label": found["period_label"] if found else None,
        "baseline": baseline,
        "target": target,
        "value": value,
        "grade": grade,
        "graded_by": by,
        "frozen_at": None,
        "value_now": value,
        "grade_now": grade,
        "is_over": last is not None and bool(complete(values, kpi.name).filter(pl.col("last_day") >= last).height),
    }


def _grade(
    kpi: Kpi, last: date | None, found: Row | None, values: pl.DataFrame, given: pl.DataFrame
) -> tuple[float | None, float | None, float | None, str]:
    """The baseline, the target, the grade, and by what it is graded."""
    if isinstance(kpi.target, PathBase):
        baseline, target = _way(kpi, kpi.target, last, values, given)
        if baseline is None or target is None or found is None or found["value"] is None:
            return baseline, target, None, "none"
        falls = isinstance(kpi.target, DecreaseTo)
        return baseline, target, _gone(found["value"], baseline, target, falls=falls), "way"
    if found is None or found["attainment"] is None:
        return None, found["target"] if found else None, None, "none"
    return None, found["target"], _clipped(found["attainment"]), "attainment"


def _way(
    kpi: Kpi, path: PathBase, last: date | None, values: pl.DataFrame, given: pl.DataFrame
) -> tuple[float | None, float | None]:
    """Where the way of the KPI's total begins, and what it asks for on a day; at its end where no day is named."""
    own, paths = pl.col("segment") == TOTAL, {kpi.name: path}
    points = way_points(values.filter(own), given.filter(own), paths)
    if points.is_empty():
        return None, None
    day = pl.DataFrame({"kpi": [kpi.name], "segment": [TOTAL], "last_day": [last or date.max]})
    return points.item(0, "_at"), expected(day, points, paths).get_column("_expected").item()


def _gone(value: float, baseline: float, target: float, *, falls: bool) -> float:
    """The share of the way that was gone; where there was none to go, 1 for staying on the good side, else 0."""
    if (target >= baseline) if falls else (target <= baseline):
        return float(value <= target if falls else value >= target)
    return _clipped((value - baseline) / (target - baseline))


def _clipped(share: float) -> float:
    return min(max(share, 0.0), 1.0)


def _known(one: Row, frozen: Collection[FrozenGrade], project: Project) -> FrozenGrade | None:
    """The grade that was frozen for the key result, perhaps under an earlier name of its KPI."""
    names = {one["kpi"], *project.kpis[one["kpi"]].formerly}
    return next(
        (
            known
            for known in frozen
            if known.goal == one["goal"]
            and known.kpi in names
            and one["objective_end"] == known.objective_end + timedelta(days=1)
        ),
        None,
    )


def _frozen(one: Row, now: datetime) -> FrozenGrade:
    return FrozenGrade(
        goal=one["goal"],
        kpi=one["kpi"],
        objective_end=one["objective_end"] - timedelta(days=1),
        period_label=one["period_label"],
        value=one["value"],
        baseline=one["baseline"],
        target=one["target"],
        grade=one["grade"],
        frozen_at=now,
    )


def _as_frozen(known: FrozenGrade) -> Row:
    names = ("period_label", "baseline", "target", "value", "grade", "frozen_at")
    return {name: getattr(known, name) for name in names}


def _time(goal: Goal) -> Row:
    return {
        "objective_start": goal.period.from_ if goal.period else None,
        "objective_end": goal.period.end if goal.period else None,
    }


def _objective(goal: Goal, results: list[Row]) -> Row:
    moments = [one["frozen_at"] for one in results]
    return {
        "goal": goal.name,
        "team": goal.team,
        "owner": goal.owner,
        "ambition": goal.ambition,
        **_time(goal),
        "key_results": len(results),
        "key_results_graded": sum(one["grade"] is not None for one in results),
        "grade": weighted_mean((one["weight"], one["grade"]) for one in results),
        "frozen_at": max(moments) if moments and all(moments) else None,
        "grade_now": weighted_mean((one["weight"], one["grade_now"]) for one in results),
        "tied_to_pay": goal.tied_to_pay,
    }
