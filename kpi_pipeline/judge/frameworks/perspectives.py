"""The balanced scorecard: goals and KPIs by perspective, and how each perspective stands."""

from __future__ import annotations

import polars as pl

from kpi_pipeline.goals import USUAL_BANDS, Framework, Perspective
from kpi_pipeline.judge.frameworks.stands import Row, goals_of, last_complete, last_score, weighted_mean
from kpi_pipeline.project import Project
from kpi_pipeline.status import JUDGED, Status

FROM_BELOW = (
    Perspective.learning_growth,
    Perspective.internal_process,
    Perspective.customer,
    Perspective.financial,
)
"""People and products carry the processes, processes the customers, customers the money."""


def balanced_scorecard(project: Project, values: pl.DataFrame, scores: pl.DataFrame) -> list[Row]:
    """Every KPI of the goals on the scorecard as it stands, with the columns of `balanced_scorecard`."""
    rows = []
    for goal in goals_of(project, Framework.balanced_scorecard):
        stands = last_score(scores, goal.name)
        about = {
            "perspective": goal.perspective.value if goal.perspective else None,
            "goal": goal.name,
            "goal_score_label": stands["period_label"] if stands else None,
            "goal_score": stands["score"] if stands else None,
            "goal_status": stands["status"] if stands else Status.no_data.value,
        }
        served = [(kpi.name, weight) for kpi, weight in project.members_of(goal.name)]
        rows += [about | _kpi(name, weight, values) for name, weight in served] or [about]
    return rows


def _kpi(name: str, weight: float, values: pl.DataFrame) -> Row:
    found = last_complete(values, name)
    columns = ("period_start", "period_label", "value", "target", "attainment")
    return {
        "kpi": name,
        "weight": weight,
        **{column: found[column] if found else None for column in columns},
        "status": found["status"] if found else Status.no_data.value,
    }


def perspective_scores(project: Project, card: list[Row]) -> list[Row]:
    """The four perspectives of a project that has a scorecard, with the columns of `perspective_score`."""
    if not card:
        return []
    return [_perspective(project, side, number, card) for number, side in enumerate(FROM_BELOW, start=1)]


def _perspective(project: Project, side: Perspective, number: int, card: list[Row]) -> Row:
    rows = [row for row in card if row["perspective"] == side.value]
    goals = [project.goals[name] for name in dict.fromkeys(row["goal"] for row in rows)]
    statuses = {row["kpi"]: row["status"] for row in rows if row.get("kpi")}
    scores = {row["goal"]: row["goal_score"] for row in rows}
    score = weighted_mean((goal.weight, scores[goal.name]) for goal in goals)
    return {
        "perspective": side.value,
        "label": side.label,
        "side_number": number,
        "goals": len(goals),
        "kpis": len(statuses),
        **{f"kpis_{status.value}": list(statuses.values()).count(status.value) for status in JUDGED},
        "score": score,
        "status": Status.no_data.value if score is None else USUAL_BANDS.status_of(score).value,
    }
