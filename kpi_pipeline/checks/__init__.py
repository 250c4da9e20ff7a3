"""The kinds of check, one file each; every one becomes a Great Expectations expectation.

Most are of the rows of a source or model; those of a KPI's published values are kinds of their own.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kpi_pipeline.checks.accepted_range import AcceptedRange
from kpi_pipeline.checks.accepted_values import AcceptedValues
from kpi_pipeline.checks.base import CheckBase
from kpi_pipeline.checks.change_within import ChangeWithin
from kpi_pipeline.checks.column_types import ColumnTypes
from kpi_pipeline.checks.expectation import ExpectationCheck
from kpi_pipeline.checks.matches import Matches
from kpi_pipeline.checks.no_gaps import NoGaps
from kpi_pipeline.checks.not_null import NotNull
from kpi_pipeline.checks.rate_between import RateBetween
from kpi_pipeline.checks.recency import Recency
from kpi_pipeline.checks.relationships import Relationships
from kpi_pipeline.checks.row_count import RowCount
from kpi_pipeline.checks.segments_add_up import SegmentsAddUp
from kpi_pipeline.checks.sum_equals import SumEquals
from kpi_pipeline.checks.unique import Unique

KINDS = (
    NotNull,
    Unique,
    AcceptedValues,
    AcceptedRange,
    Matches,
    Relationships,
    Recency,
    RowCount,
    ColumnTypes,
    SumEquals,
    NoGaps,
    ExpectationCheck,
)
"""Checks of the rows of a source or model."""

KPI_KINDS = (RateBetween, ChangeWithin, SegmentsAddUp)
"""Checks of the values of a KPI."""

Check = Annotated[
    NotNull
    | Unique
    | AcceptedValues
    | AcceptedRange
    | Matches
    | Relationships
    | Recency
    | RowCount
    | ColumnTypes
    | SumEquals
    | NoGaps
    | ExpectationCheck,
    Field(discriminator="type"),
]

KpiCheck = Annotated[RateBetween | ChangeWithin | SegmentsAddUp, Field(discriminator="type")]

__all__ = [
    "KINDS",
    "KPI_KINDS",
    "AcceptedRange",
    "AcceptedValues",
    "ChangeWithin",
    "Check",
    "CheckBase",
    "ColumnTypes",
    "ExpectationCheck",
    "KpiCheck",
    "Matches",
    "NoGaps",
    "NotNull",
    "RateBetween",
    "Recency",
    "Relationships",
    "RowCount",
    "SegmentsAddUp",
    "SumEquals",
    "Unique",
]
