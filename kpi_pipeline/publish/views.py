"""All views for people in a hurry, as the statements that make them."""

from __future__ import annotations

import polars as pl
from sqlglot import exp

from kpi_pipeline.project import Project
from kpi_pipeline.publish.stable_views import KPI_AS_OF, KPI_LATEST, SCORECARD
from kpi_pipeline.publish.view import View
from kpi_pipeline.publish.wide_views import kpi_wide_views, model_views

STABLE_VIEWS = (SCORECARD, KPI_LATEST)


def all_views(project: Project, *, metric_value: pl.DataFrame, segment: pl.DataFrame) -> tuple[View, ...]:
    """All views; the two tables tell which breakdowns there are."""
    return (*STABLE_VIEWS, *kpi_wide_views(project), *model_views(project, metric_value, segment))


def view_statements(views: tuple[View, ...]) -> tuple[exp.Expr, ...]:
    """What makes all views and the macro, in order."""
    return (*(statement for view in views for statement in view.statements), KPI_AS_OF)
