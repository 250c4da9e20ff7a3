"""The kinds of check, one file each; every one becomes a Great Expectations expectation."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kpi_pipeline.checks.accepted_range import AcceptedRange
from kpi_pipeline.checks.accepted_values import AcceptedValues
from kpi_pipeline.checks.base import CheckBase
from kpi_pipeline.checks.column_types import ColumnTypes
from kpi_pipeline.checks.expectation import ExpectationCheck
from kpi_pipeline.checks.matches import Matches
from kpi_pipeline.checks.not_null import NotNull
from kpi_pipeline.checks.recency import Recency
from kpi_pipeline.checks.relationships import Relationships
from kpi_pipeline.checks.row_count import RowCount
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
    ExpectationCheck,
)

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
    | ExpectationCheck,
    Field(discriminator="type"),
]

__all__ = [
    "KINDS",
    "AcceptedRange",
    "AcceptedValues",
    "Check",
    "CheckBase",
    "ColumnTypes",
    "ExpectationCheck",
    "Matches",
    "NotNull",
    "Recency",
    "Relationships",
    "RowCount",
    "Unique",
]
