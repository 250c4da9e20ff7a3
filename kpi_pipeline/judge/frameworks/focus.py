"""The one metric that matters: what each team looked at when, and what became of it meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from kpi_pipeline.goals import Framework, Goal
from kpi_pipeline.judge.frameworks.stands import Row, complete, goals_of, last_complete
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.project import Project
from kpi_pipeline.status import Status


def team_focus(project: Project, values: pl.DataFrame, days: Mapping[str, date]) -> list[Row]:
    """Every focus of every team, the earliest first, with the columns of `team_focus`.

    `days` says what counts as today for each KPI.
    """
    begun = sorted(goals_of(project, Framework.omtm), key=_begins)
    numbers: dict[str | None, int] = {}
    rows = []
    for goal in begun:
        numbers[goal.team] = numbers.get(goal.team, 0) + 1
        rows += [
            _focus(goal, kpi, numbers[goal.team], values, days.get(kpi.name)) for kpi in project.kpis_of(goal.name)
        ]
    return rows


def _begins(goal: Goal) -> tuple[str, date]:
    return goal.team or "", goal.period.from_ if goal.period else date.min


def _focus(goal: Goal, kpi: Kpi, number: int, values: pl.DataFrame, day: date | None) -> Row:
    first, last = (goal.period.from_, goal.period.to) if goal.period else (None, None)
    latest = last_complete(values, kpi.name, first, last)
    before = _before(values, kpi.name, first)
    was, became = before["value"] if before else None, latest["value"] if latest else None
    change = None if was is None or became is None else became - was
    return {
        "team": goal.team,
        "goal": goal.name,
        "kpi": kpi.name,
        "focus_number": number,
        "focus_start": first,
        "focus_end": goal.period.end if goal.period else None,
        "is_current": day is not None and (first is None or first <= day) and (last is None or day <= last),
        "before_label": before["period_label"] if before else None,
        "before_value": was,
        "latest_label": latest["period_label"] if latest else None,
        "latest_value": became,
        "change": change,
        "change_pct": change / abs(was) if change is not None and was else None,
        "target": latest["target"] if latest else None,
        "attainment": latest["attainment"] if latest else None,
        "status": latest["status"] if latest else Status.no_data.value,
    }


def _before(values: pl.DataFrame, kpi: str, first: date | None) -> Row | None:
    """The last complete period that was over before the focus began; without one, the first there is."""
    if first and (found := last_complete(values, kpi, to=first - timedelta(days=1))):
        return found
    periods = complete(values, kpi).sort("period_start_utc")
    return periods.row(0, named=True) if periods.height else None
