"""The published tables of the frameworks, from what is published of KPIs and goals; grades that are due are frozen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import polars as pl

from kpi_pipeline.goals import Framework
from kpi_pipeline.judge.frameworks import (
    agreements,
    balanced_scorecard,
    graded,
    objectives,
    perspective_scores,
    strategy_links,
    strategy_nodes,
    team_focus,
    with_frozen,
)
from kpi_pipeline.judge.frameworks.stands import Row
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.publish import of_rows, table_named
from kpi_pipeline.store.grades import freeze, frozen_grades


def framework_tables(
    context: Context,
    *,
    totals: pl.DataFrame,
    scores: pl.DataFrame,
    evidence: pl.DataFrame,
    targets: pl.DataFrame,
    days: Mapping[str, date],
) -> dict[str, pl.DataFrame]:
    """Every framework's tables; those of a framework that no goal is arranged in are empty.

    Args:
        context: the run.
        totals: the rows of `kpi_value` that are of no segment.
        scores: `goal_score`.
        evidence: `kpi_evidence`.
        targets: the numbers that all targets give.
        days: what counts as today for each KPI.
    """
    project = context.project
    card = balanced_scorecard(project, totals, scores)
    rows: Mapping[str, Iterable[Row]] = {
        **_key_results(context, totals, targets),
        "mbo_agreement": agreements(project, scores, days, context.today),
        "team_focus": team_focus(project, totals, days),
        "balanced_scorecard": card,
        "perspective_score": perspective_scores(project, card),
        "strategy_node": strategy_nodes(project, totals),
        "strategy_link": strategy_links(project, evidence),
    }
    return {name: of_rows(table_named(name), found) for name, found in rows.items()}


def _key_results(context: Context, totals: pl.DataFrame, targets: pl.DataFrame) -> dict[str, list[Row]]:
    """Objectives and key results, with the grades of those that are over frozen by now."""
    project = context.project
    if all(goal.framework is not Framework.okr for goal in project.goals.values()):
        return {"okr_objective": [], "okr_key_result": []}
    now = graded(project, totals, targets)
    results, fresh = with_frozen(now, frozen_grades(context.warehouse), project, context.now)
    freeze(context.warehouse, fresh)
    return {"okr_objective": objectives(project, results), "okr_key_result": results}
