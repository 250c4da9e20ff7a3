"""Retention metrics as measures over cohorts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kpi_pipeline.compile.canonical import all_of
from kpi_pipeline.compile.matching import rows_narrowed, ties
from kpi_pipeline.metrics import Retention
from kpi_pipeline.plan import Ages, Cohorts, Fold, Leaf, Measure, Node, Quotient
from kpi_pipeline.project import Project


def retention(project: Project, metric: Retention, filters: Sequence[str]) -> Node:
    """Those seen again, or their share of the cohort; `filters` narrow the first rows that cohorts stand at.

    NOTE: a cohort too young to have come back is left out of the share altogether, or a longer period, and all time
    even more so, would have too low a rate.
    """
    model = project.models[metric.model]
    narrowed = all_of([metric.filter] if metric.filter else [])
    rows = rows_narrowed(project, model, metric.agg_time_dimension, (metric.entity,), narrowed)
    measure = Measure(
        model.name,
        rows.time,
        # NOTE: not a count, whose nothing would be 0: of a cohort too young to have come back nothing is known.
        Fold.sum,
        "1",
        all_of(filters),
        events=Cohorts(rows, ties(model, rows.keys)),
        ages=Ages(metric.cohort_grain, metric.age.from_, metric.age.to, metric.oldest_age),
    )
    seen_again = Leaf(measure, 0)
    if metric.calculation == "retained":
        return seen_again
    return Quotient(seen_again, replace(seen_again, measure=measure.sampled))
