"""Periods without rows: which metrics have them all the same, and what stands there."""

from __future__ import annotations

from kpi_pipeline.metrics import Cumulative, Metric, Simple
from kpi_pipeline.project import Project


def says_what_is_missing(metric: Metric) -> bool:
    """Whether a metric over rows says itself what stands where it has none, so that nothing else must."""
    if not isinstance(metric, Simple | Cumulative):
        return False
    return metric.join_to_timespine or metric.fill_nulls_with is not None


def in_every_period(project: Project, metric: Metric) -> bool:
    """Whether a question about a metric has a row for every period: it joins the time spine, or an input of it does."""
    if isinstance(metric, Simple | Cumulative) and metric.join_to_timespine:
        return True
    return any(in_every_period(project, project.metrics[one.name]) for one in metric.inputs)
