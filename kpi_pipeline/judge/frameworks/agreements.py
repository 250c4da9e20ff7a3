"""Management by objectives: who agreed on what with whom, when they looked back, and how it stands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from kpi_pipeline.goals import Framework, Goal
from kpi_pipeline.judge.frameworks.stands import Row, goals_of, last_score
from kpi_pipeline.periods import Grain, Window, shift_day
from kpi_pipeline.project import Project
from kpi_pipeline.status import Status

A_YEAR = Window(1, Grain.year)


def agreements(
    project: Project, scores: pl.DataFrame, days: Mapping[str, date], today: date | None = None
) -> list[Row]:
    """Every agreement, with the columns of `mbo_agreement`.

    `days` says what counts as today for each KPI, `today` for a goal without any; an agreement goes by the latest day.
    """
    return [_agreement(project, goal, scores, days, today) for goal in goals_of(project, Framework.mbo)]


def _agreement(project: Project, goal: Goal, scores: pl.DataFrame, days: Mapping[str, date], today: date | None) -> Row:
    person = project.people.get(goal.owner or "")
    manager = person.manager if person else None
    due = review_due(goal)
    day = max((days[kpi.name] for kpi in project.kpis_of(goal.name) if kpi.name in days), default=today)
    stands = last_score(scores, goal.name)
    return {
        "goal": goal.name,
        "person": goal.owner,
        "manager": manager,
        "agreed_on": goal.agreed_on,
        "is_agreed_by_person": goal.owner in goal.agreed_by,
        "is_agreed_by_manager": manager in goal.agreed_by,
        "period_start": goal.period.from_ if goal.period else None,
        "period_end": goal.period.end if goal.period else None,
        "last_reviewed": max(goal.reviewed, default=None),
        "review_due": due,
        "is_overdue": due is not None and day is not None and due < day,
        "score_label": stands["period_label"] if stands else None,
        "score": stands["score"] if stands else None,
        "status": stands["status"] if stands else Status.no_data.value,
    }


def review_due(goal: Goal) -> date | None:
    """A year after person and manager last looked back, or agreed; at its end they look back on all of it.

    Nothing is due once they did so on its last day or later, or where nobody knows when it began.
    """
    began = goal.agreed_on or (goal.period.from_ if goal.period else None)
    latest = max(goal.reviewed, default=began)
    if latest is None:
        return None
    due = shift_day(latest, A_YEAR, back=False)
    if goal.period is None:
        return due
    if goal.reviewed and max(goal.reviewed) >= goal.period.to:
        return None
    return min(due, goal.period.end)
