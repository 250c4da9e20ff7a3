"""The plan: what has to be computed, as data, before anything is.

A metric becomes a tree of nodes. Its leaves are measures (one aggregate over one model's rows); measures that can share
a pass over a model are gathered into reductions. `explain` says all of it in words.
"""

from __future__ import annotations

from kpi_pipeline.plan.cohorts import Ages, Cohorts
from kpi_pipeline.plan.executor import Engine, Executor
from kpi_pipeline.plan.fingerprints import fingerprint
from kpi_pipeline.plan.grouped import GroupedMetric, GroupedPart
from kpi_pipeline.plan.joins import DatePart, Hop, Joined, JoinedColumn
from kpi_pipeline.plan.matching import Matching, Side
from kpi_pipeline.plan.measure import Fold, Measure, Shape
from kpi_pipeline.plan.model_plan import ModelPlan
from kpi_pipeline.plan.nodes import (
    Arithmetic,
    Filled,
    Leaf,
    Node,
    Quotient,
    Reach,
    accumulated,
    at_each_age,
    described,
    leaves,
    moved,
    unfilled,
)
from kpi_pipeline.plan.rates import Rate
from kpi_pipeline.plan.reduction import Reduction
from kpi_pipeline.plan.series import Coverage, Derivation, Series, SeriesKey, by_key
from kpi_pipeline.plan.stock import Interval, Snapshot
from kpi_pipeline.plan.whole import Plan

__all__ = [
    "Ages",
    "Arithmetic",
    "Cohorts",
    "Coverage",
    "DatePart",
    "Derivation",
    "Engine",
    "Executor",
    "Filled",
    "Fold",
    "GroupedMetric",
    "GroupedPart",
    "Hop",
    "Interval",
    "Joined",
    "JoinedColumn",
    "Leaf",
    "Matching",
    "Measure",
    "ModelPlan",
    "Node",
    "Plan",
    "Quotient",
    "Rate",
    "Reach",
    "Reduction",
    "Series",
    "SeriesKey",
    "Shape",
    "Side",
    "Snapshot",
    "accumulated",
    "at_each_age",
    "by_key",
    "described",
    "fingerprint",
    "leaves",
    "moved",
    "unfilled",
]
