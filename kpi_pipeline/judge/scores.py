"""How goals stand: the attainment of their KPIs and the scores of the goals below, rolled up.

What has no attainment (no data, no target, not over yet) is left out, and the weights of the rest count as if they
were all: `weight_counted` says which share of the weight that is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from kpi_pipeline.calendar import Calendar
from kpi_pipeline.goals import Goal, RollUp
from kpi_pipeline.judge.standing import GRAINS, standing
from kpi_pipeline.project import Project
from kpi_pipeline.status import JUDGED, Status

PERIOD = ("grain", "period_start")
NAMES = ("period_end", "last_day", "period_label", "period_start_utc")


def goal_scores(project: Project, values: pl.DataFrame, calendar: Calendar) -> pl.DataFrame:
    """One row a goal and month, quarter or year in which any of its KPIs has data, with the columns of `goal_score`.

    `values` are rows of `kpi_value`; a goal's own period, where it has one, bounds what is scored.
    """
    stands = standing(values, project.kpis, calendar)
    names = pl.concat(calendar.of(grain).with_columns(grain=pl.lit(grain.value)) for grain in GRAINS)
    scores: dict[str, pl.DataFrame] = {}
    for goal in _from_below(project.goals):
        members = [*_kpis_of(project, goal, stands), *_goals_below(project, goal, scores)]
        if not members:
            continue
        periods = names.select(*PERIOD, *NAMES)
        scored = _scored(goal, pl.concat(members)).join(periods, on=PERIOD)
        scores[goal.name] = _within(goal, scored)
    counted = [
        _named(goal, frame).join(_counts(project, goal, stands), on=PERIOD, how="left")
        for goal, frame in ((project.goals[name], frame) for name, frame in scores.items())
    ]
    if not counted:
        return pl.DataFrame()
    return pl.concat(counted).filter("has_row").drop("has_row").sort("goal", "grain", "period_start")


def _from_below(goals: Mapping[str, Goal]) -> Iterator[Goal]:
    """Every goal after those that serve it."""
    for goal in goals.values():
        if goal.parent is None or goal.parent not in goals:
            yield from _with_those_below(goal, goals)


def _with_those_below(goal: Goal, goals: Mapping[str, Goal]) -> Iterator[Goal]:
    for one in goals.values():
        if one.parent == goal.name:
            yield from _with_those_below(one, goals)
    yield goal


def _kpis_of(project: Project, goal: Goal, stands: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The goal's own KPIs, with what they weigh in it."""
    for kpi, weight in project.members_of(goal.name):
        own = stands.filter(pl.col("kpi") == kpi.name)
        yield own.select(*PERIOD, "attainment", "status", weight=pl.lit(float(weight)))


def _goals_below(project: Project, goal: Goal, scores: Mapping[str, pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The goals that serve the goal, with what they weigh in it."""
    for name, frame in scores.items():
        below = project.goals[name]
        if below.parent == goal.name:
            yield frame.select(*PERIOD, attainment="score", status="status", weight=pl.lit(float(below.weight)))


def _scored(goal: Goal, members: pl.DataFrame) -> pl.DataFrame:
    """The goal's score in each period, and which share of its members' weight that rests on."""
    judged = pl.col("status").is_in(JUDGED)
    counts = pl.when(judged).then(pl.col("attainment").clip(0, goal.cap))
    weight = pl.when(counts.is_not_null()).then("weight")
    on_track = pl.when(pl.col("status") == Status.on_track).then("weight").otherwise(0.0)
    score = {
        RollUp.weighted: (counts * weight).sum() / weight.sum(),
        RollUp.average: counts.mean(),
        RollUp.worst: counts.min(),
        RollUp.share_on_track: on_track.filter(judged).sum() / pl.col("weight").filter(judged).sum(),
    }[goal.roll_up]
    rests_on = pl.when(judged if goal.roll_up is RollUp.share_on_track else counts.is_not_null()).then("weight")
    table = members.group_by(PERIOD, maintain_order=True).agg(
        score=score,
        weight_counted=rests_on.sum() / pl.col("weight").sum(),
        _in_progress=(pl.col("status") == Status.in_progress).any(),
        _no_target=(pl.col("status") == Status.no_target).any(),
    )
    value = pl.col("score")
    stands = [(value >= begin, status) for status, begin in goal.bands.begins]
    without = [(pl.col("_in_progress"), Status.in_progress), (pl.col("_no_target"), Status.no_target)]
    statuses = [pl.when(holds).then(pl.lit(status.value)) for holds, status in (*stands, *without)]
    return table.with_columns(score=pl.when(value.is_finite()).then(value)).with_columns(
        status=pl.coalesce(*statuses, pl.lit(Status.no_data.value))
    )


def _within(goal: Goal, scored: pl.DataFrame) -> pl.DataFrame:
    """The periods that share a day with the goal's own."""
    if goal.period is None:
        return scored
    return scored.filter((pl.col("last_day") >= goal.period.from_) & (pl.col("period_start") <= goal.period.to))


def _named(goal: Goal, scored: pl.DataFrame) -> pl.DataFrame:
    columns = (*PERIOD, *NAMES, "score", "status", "weight_counted")
    return scored.select(*columns, goal=pl.lit(goal.name), roll_up=pl.lit(goal.roll_up.value))


def _counts(project: Project, goal: Goal, stands: pl.DataFrame) -> pl.DataFrame:
    """How many of the KPIs of the goal and the goals below stand how, each once."""
    kpis = {kpi.name for one in _with_those_below(goal, project.goals) for kpi in project.kpis_of(one.name)}
    return (
        stands.filter(pl.col("kpi").is_in(kpis))
        .group_by(PERIOD)
        .agg(
            pl.col("has_row").any(),
            *((pl.col("status") == one.value).sum().cast(pl.Int64).alias(f"kpis_{one.value}") for one in Status),
            kpis_total=pl.len().cast(pl.Int64),
        )
    )
