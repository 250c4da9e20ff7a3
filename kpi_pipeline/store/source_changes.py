"""Which days of which sources gained or lost rows, kept until every KPI was published with them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

import polars as pl

from kpi_pipeline.names import TableRef
from kpi_pipeline.store.warehouse import Warehouse, quoted

CHANGES = TableRef("state", "source_change")
SAID = TableRef("state", "kpi_said")


Changed = tuple[date | None, int, int]
"""A day, and how many rows it gained and lost."""


def note_changes(warehouse: Warehouse, source: str, changes: Iterable[Changed], noted_at: datetime) -> None:
    """Keeps what a load changed; with the load, or not at all."""
    rows = list(changes)
    if not rows:
        return
    number = last_change(warehouse) + 1
    found = pl.DataFrame(rows, schema={"day": pl.Date, "gained": pl.Int64, "lost": pl.Int64}, orient="row")
    warehouse.append(
        CHANGES, found.with_columns(number=pl.lit(number), source=pl.lit(source), noted_at=pl.lit(noted_at))
    )


def last_change(warehouse: Warehouse) -> int:
    """The number of the newest change that was ever noted; numbers are never used twice."""
    found = warehouse.rows(
        f"SELECT greatest((SELECT max(number) FROM {quoted(CHANGES)}), (SELECT max(source_change) FROM {quoted(SAID)}))"
    )
    return int(found[0][0] or 0)


def forget_changes(warehouse: Warehouse) -> None:
    """Drops the changes with which every KPI was published."""
    warehouse.run(
        f"DELETE FROM {quoted(CHANGES)} WHERE number <= (SELECT coalesce(min(source_change), 0) FROM {quoted(SAID)})"
    )
