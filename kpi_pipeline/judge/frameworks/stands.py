"""What the frameworks look up: the goals of a framework, a KPI's last complete period, a goal's last score."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import polars as pl

from kpi_pipeline.goals import ENOUGH_COUNTED, Framework, Goal
from kpi_pipeline.periods import Grain
from kpi_pipeline.project import Project
from kpi_pipeline.segments import TOTAL

Row = dict[str, Any]


def goals_of(project: Project, framework: Framework) -> tuple[Goal, ...]:
    """The goals that a framework arranges."""
    return tuple(goal for goal in project.goals.values() if goal.framework is framework)


def last_complete(values: pl.DataFrame, kpi: str, first: date | None = None, to: date | None = None) -> Row | None:
    """The KPI's last complete period that ends between two days, as a row of `kpi_value`; None where there is none."""
    found = complete(values, kpi)
    if first:
        found = found.filter(pl.col("last_day") >= first)
    if to:
        found = found.filter(pl.col("last_day") <= to)
    return found.sort("period_start_utc").row(-1, named=True) if found.height else None


def complete(values: pl.DataFrame, kpi: str) -> pl.DataFrame:
    """The complete periods of the KPI's total."""
    return values.filter((pl.col("kpi") == kpi) & (pl.col("segment") == TOTAL) & pl.col("is_complete"))


def last_score(scores: pl.DataFrame, goal: str) -> Row | None:
    """The row of the month in which the goal is said to stand: the latest with a score that rests on enough of it."""
    if scores.is_empty():
        return None
    months = scores.filter(
        (pl.col("goal") == goal) & (pl.col("grain") == Grain.month.value) & pl.col("score").is_not_null()
    )
    enough = months.filter(pl.col("weight_counted") >= ENOUGH_COUNTED)
    told = enough if enough.height else months
    return told.sort("period_start").row(-1, named=True) if told.height else None


def weighted_mean(weighed: Iterable[tuple[float, float | None]]) -> float | None:
    """The mean of numbers by their weight; what is missing is left out, and the others weigh all.

    >>> weighted_mean([(3, 0.5), (1, 0.9), (4, None)])
    0.6
    """
    known = [(weight, number) for weight, number in weighed if number is not None]
    weights = sum(weight for weight, _ in known)
    return sum(weight * number for weight, number in known) / weights if weights else None
