"""The published tables that say what is defined: KPIs, goals, metrics, teams, people, reviews and lineage."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from kpi_pipeline.kpis import Indicator, Kpi
from kpi_pipeline.metrics.base import Unit
from kpi_pipeline.project import Project
from kpi_pipeline.publish.contract import table_named
from kpi_pipeline.publish.definition_version import kpi_versions, metric_versions
from kpi_pipeline.publish.display_format import display_format
from kpi_pipeline.publish.formula import formula
from kpi_pipeline.publish.lineage import lineage
from kpi_pipeline.publish.table import of_rows
from kpi_pipeline.reviews import HeldReview
from kpi_pipeline.teams import COMPANY

Row = dict[str, object]


def definition_tables(
    project: Project, indicators: Mapping[str, str], today: Mapping[str, date] | None = None
) -> dict[str, pl.DataFrame]:
    """The tables that follow from the definitions, by name.

    `indicators` says in one word what each KPI is, `today` which day counts as today for it.
    """
    rows = {
        "kpi": _kpis(project, indicators, today or {}),
        "goal": _goals(project),
        "kpi_goal": _kpi_goals(project),
        "team": _teams(project),
        "person": _people(project),
        "review": _reviews(project),
        "metric": _metrics(project),
        "lineage": _lineage(project),
    }
    return {name: of_rows(table_named(name), found) for name, found in rows.items()}


def _kpis(project: Project, indicators: Mapping[str, str], today: Mapping[str, date]) -> list[Row]:
    versions = kpi_versions(project)
    return [
        {
            **_named(kpi),
            "kpi": kpi.name,
            **_number(project, kpi),
            **_primary_goal(project, kpi),
            **_review(project, kpi),
            "as_of": today.get(kpi.name),
            "frozen_through": freeze.day if (freeze := project.freeze_of(kpi.name)) else None,
            "direction": kpi.direction.value,
            "grain": kpi.grain.value,
            "team": kpi.team,
            "owner": kpi.owner,
            "indicator": indicators.get(kpi.name, Indicator.unclassified.value),
            "parent_kpi": kpi.parent_kpi,
            "target_type": kpi.target.type if kpi.target else None,
            "definition_version": versions[kpi.name],
            "defined_in": _defined_in(project, "kpis", kpi.name),
        }
        for kpi in project.kpis.values()
    ]


def _named(noun: Kpi) -> Row:
    return {"label": noun.title, "description": noun.description or None}


def _number(project: Project, kpi: Kpi) -> Row:
    """What the KPI measures, and how its number is written."""
    metric = project.metrics[kpi.metric]
    currency = project.settings.currency
    return {
        "metric": metric.name,
        "formula": formula(metric),
        "unit": metric.unit.value,
        "display_format": display_format(metric.unit, currency),
        "currency": currency if metric.unit is Unit.currency else None,
    }


def _primary_goal(project: Project, kpi: Kpi) -> Row:
    if not kpi.serves:
        return {}
    goal = project.goals[kpi.serves[0].goal]
    return {"goal": goal.name, "framework": goal.framework, "perspective": goal.perspective}


def _review(project: Project, kpi: Kpi) -> Row:
    review = project.review_due(kpi.name)
    if review is None:
        return {}
    return {"review_every": review.every.value, "last_reviewed": review.last, "review_due": review.due}


def _goals(project: Project) -> list[Row]:
    return [
        {
            "goal": goal.name,
            "label": goal.title,
            "statement": goal.statement,
            "framework": goal.framework,
            "perspective": goal.perspective,
            "parent_goal": goal.parent,
            "team": goal.team,
            "owner": goal.owner,
            "period_start": goal.period.from_ if goal.period else None,
            "period_end": goal.period.end if goal.period else None,
            "weight": goal.weight,
            "ambition": goal.ambition,
        }
        for goal in project.goals.values()
    ]


def _kpi_goals(project: Project) -> list[Row]:
    return [
        {"kpi": kpi.name, "goal": share.goal, "weight": share.weight}
        for kpi in project.kpis.values()
        for share in kpi.serves
    ]


def _teams(project: Project) -> list[Row]:
    company: Row = {"team": COMPANY, "label": project.settings.label or "Company"}
    return [company] + [
        {"team": team.name, "label": team.title, "parent_team": team.parent, "manager": team.manager}
        for team in project.teams.values()
    ]


def _people(project: Project) -> list[Row]:
    return [
        {"person": person.name, "label": person.title, "team": person.team, "manager": person.manager}
        for person in project.people.values()
    ]


def _reviews(project: Project) -> list[Row]:
    """Those written down, and the last day a definition names where nothing is written down of it."""
    rows: list[Row] = []
    for kpi in project.kpis.values():
        held = project.reviews_of(kpi.name)
        rows += [_held(project, kpi, one) for one in held]
        last = kpi.review.last if kpi.review else None
        if last and last not in {one.on for one in held}:
            rows.append({"kpi": kpi.name, "reviewed_at": last})
    return rows


def _held(project: Project, kpi: Kpi, review: HeldReview) -> Row:
    return {
        "kpi": kpi.name,
        "reviewed_at": review.on,
        "reviewer": review.by,
        "decision": review.decision,
        "actions": "\n".join(str(action) for action in review.actions) or None,
        "status_then": review.status_then,
        "value_then": review.value_then,
        "defined_in": _defined_in(project, "reviews", f"{review.kpi} on {review.on}"),
    }


def _metrics(project: Project) -> list[Row]:
    versions = metric_versions(project)
    return [
        {
            "metric": metric.name,
            "label": metric.title,
            "description": metric.description or None,
            "metric_type": metric.type,
            "formula": formula(metric),
            "unit": metric.unit.value,
            "is_approximate": project.is_approximate(metric.name),
            "owner": metric.owner,
            "definition_version": versions[metric.name],
        }
        for metric in project.metrics.values()
    ]


def _lineage(project: Project) -> list[Row]:
    return [
        {
            "downstream": str(edge.downstream),
            "upstream": str(edge.upstream),
            "kind": edge.upstream.kind,
            "column_name": edge.column,
        }
        for edge in lineage(project)
    ]


def _defined_in(project: Project, kind: str, name: str) -> str | None:
    place = project.place(kind, name)
    return place.in_file if place else None
