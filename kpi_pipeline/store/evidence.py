"""What was found of the claims that one KPI leads another: every result is kept for good."""

from __future__ import annotations

import polars as pl

from kpi_pipeline.names import TableRef
from kpi_pipeline.store.warehouse import Warehouse, quoted
from kpi_pipeline.verdict import CLAIM_KEY

EVIDENCE = TableRef("state", "evidence")


def latest_evidence(warehouse: Warehouse) -> pl.DataFrame:
    """The last result of every claim, with everything that was measured."""
    key = ", ".join(CLAIM_KEY)
    return warehouse.fetch(
        f"SELECT * FROM {quoted(EVIDENCE)} "
        f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY tested_at DESC, rowid DESC) = 1"
    )


def all_evidence(warehouse: Warehouse) -> pl.DataFrame:
    """Every result ever kept, the oldest first, without the details of each lag and window."""
    return warehouse.fetch(f"SELECT * EXCLUDE (detail) FROM {quoted(EVIDENCE)} ORDER BY tested_at, rowid")


def keep_evidence(warehouse: Warehouse, found: pl.DataFrame) -> None:
    """Keeps some more results; with the tables that show them, or not at all."""
    if found.height:
        warehouse.append(EVIDENCE, found)
