"""Lakehouse: rows that stay where they are and are reduced there, by the cluster that models name as their engine."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from kpi_pipeline.names import Expression, Noun
from kpi_pipeline.periods import DayGrain, Grain

_PART = r"(?:[\w$-]+|`[^`]+`)"


def _by_alone(value: object) -> object:
    """An expression is all there is to say of folders of a day."""
    return {"by": value} if isinstance(value, str) else value


class Partition(Noun):
    """Which days the rows of a folder such as day=2024-03-01 are of, so that others are not looked into."""

    by: Expression = Field(
        description="the first of these days, over the folders' columns: day, or make_date(year, month, 1)"
    )
    grain: DayGrain = Field(default=Grain.day, description="the period whose rows a folder holds")

    @property
    def longest(self) -> int:
        """How many days it may hold."""
        return {Grain.day: 1, Grain.week: 7, Grain.month: 31, Grain.quarter: 92, Grain.year: 366}[self.grain]


class LakehouseConnector(Noun):
    """Rows in a lakehouse: a folder of Parquet files, a Delta or Iceberg table, or a table of the cluster's catalog.

    Nothing of it is copied. A path is the cluster's; one that begins with neither / nor a scheme such as s3a:// starts
    in the project's folder, for clusters on this machine.
    """

    type: Literal["lakehouse"] = Field(description="the kind of connector")
    path: str | None = Field(default=None, min_length=1, description="such as s3a://lake/sales or /lake/sales")
    format: Literal["parquet", "delta", "iceberg"] = Field(
        default="parquet", description="of what is at the path; a folder of Parquet files by default"
    )
    table: str | None = Field(default=None, description="a table of the catalog, such as lake.shop.sales")

    partition: Annotated[Partition | None, BeforeValidator(_by_alone)] = Field(
        default=None,
        description="how the folders say the days of `cursor`, such as day for folders day=2024-03-01; what a format "
        "notes of its files needs none",
    )

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.path is None) == (self.table is None):
            raise ValueError("rows in a lakehouse are at a 'path' or in a 'table': write one of the two")
        if self.table is not None and "format" in self.model_fields_set:
            raise ValueError("'format' goes with 'path'; the catalog knows that of a 'table'")
        if self.table is not None and not re.fullmatch(rf"{_PART}(\.{_PART}){{0,3}}", self.table):
            raise ValueError(f"'{self.table}' does not name a table; write it like sales or lake.shop.sales")
        return self

    @property
    def where(self) -> str:
        """The path or table, for people."""
        return self.table or self.path or ""

    @property
    def is_relative(self) -> bool:
        """Whether the path starts in the project's folder."""
        return self.path is not None and not self.path.startswith("/") and "://" not in self.path
