"""Goals and monthly KPIs of 2024 with hand-made values, judged and scored."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from kpi_pipeline.goals import Goal
from kpi_pipeline.judge import goal_scores, inline_targets, judge
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.links import Link
from kpi_pipeline.periods import Grain
from kpi_pipeline.plan import Series
from kpi_pipeline.project import Project, Settings
from kpi_pipeline.teams import Person, Team
from tests.judge.samples import CALENDAR, Months, frame

TO_REACH_100 = {"type": "at_least", "values": [{"from": "2023", "value": 100}]}
FIRST_QUARTER = {"from": "2024-01", "to": "2024-03"}


@dataclass(frozen=True)
class Judged:
    """A project with the rows of `kpi_value` and `goal_score`, and all its targets."""

    project: Project
    values: pl.DataFrame
    scores: pl.DataFrame
    given: pl.DataFrame


def goal(name: str, **fields: Any) -> Goal:
    return Goal.model_validate({"name": name, "statement": "s", **fields})


def link(from_: str, to: str, **fields: Any) -> Link:
    return Link.model_validate({"from": from_, "to": to, "lag": "1 month", "because": "b", **fields})


def judged(
    goals: list[Goal],
    months: list[tuple[Kpi, Months]],
    *,
    incomplete: tuple[int, ...] = (),
    links: tuple[Link, ...] = (),
    people: tuple[Person, ...] = (),
) -> Judged:
    """What each KPI, by its own metric, was in some months."""
    own = {one.name: one.model_copy(update={"metric": f"of_{one.name}"}) for one, _ in months}
    made = Project(
        Path(),
        Settings(name="shop"),
        kpis=own,
        goals={one.name: one for one in goals},
        teams={"sales": Team(name="sales")},
        people={one.name: one for one in people},
        links=links,
    )
    results = {Series(f"of_{one.name}", Grain.month): frame(of, incomplete=incomplete) for one, of in months}
    given = inline_targets(made)
    values = judge(made, results, given, CALENDAR)
    return Judged(made, values, goal_scores(made, values, CALENDAR), given)
