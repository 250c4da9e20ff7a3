"""The published tables as the scorecard reads them: rows by name, and nothing but what the contract promises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from kpi_pipeline.errors import InternalError

Row = dict[str, Any]

TABLES_READ = (
    "snapshot", "run", "kpi", "goal", "kpi_goal", "team", "person", "segment", "kpi_value", "kpi_indicator",
    "kpi_evidence", "check_result",
)  # fmt: skip
"""The tables without which there is no page; what others add is left out where they are missing."""


@dataclass(frozen=True)
class Snapshot:
    """The tables of one publication."""

    tables: Mapping[str, pl.DataFrame]

    def __post_init__(self) -> None:
        if absent := [name for name in TABLES_READ if name not in self.tables]:
            raise InternalError(
                f"The scorecard was not given the published tables it is made from: {', '.join(absent)}."
            )

    def frame(self, table: str) -> pl.DataFrame:
        return self.tables[table]

    def rows(self, table: str, *sort: str) -> list[Row]:
        """Every row of a table; sorted, so that two runs over the same rows make the same page."""
        if table not in self.tables:
            return []
        frame = self.tables[table]
        return frame.sort(*sort, nulls_last=True).to_dicts() if sort else frame.to_dicts()

    def by(self, column: str, table: str, *sort: str) -> dict[str, list[Row]]:
        """The rows of a table by one of their columns, each group in the order asked for."""
        groups: dict[str, list[Row]] = {}
        for row in self.rows(table, *sort):
            if row[column] is not None:
                groups.setdefault(str(row[column]), []).append(row)
        return groups

    def titles(self, table: str) -> dict[str, str]:
        """The words for people: name -> label, or the name made readable where there is no label."""
        return {row[table]: row["label"] or readable(row[table]) for row in self.rows(table)}


def readable(name: str) -> str:
    """A name as words.

    >>> readable("net_sales")
    'Net sales'
    """
    return name.replace("_", " ").capitalize()
