"""What is remembered of runs: when, how they ended, how long their stages took."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import polars as pl

from kpi_pipeline.names import TableRef
from kpi_pipeline.store.warehouse import Warehouse, quoted

_RUN = quoted(TableRef("state", "run"))
_STAGE = quoted(TableRef("state", "run_stage"))


class StageTaken(NamedTuple):
    """A stage of a run: its name, how long it took, the process's peak memory so far, and what it put out."""

    stage: str
    seconds: float
    peak_mb: float
    rows_out: int


def begin_run(warehouse: Warehouse, run_id: str, started_at: datetime, definition_version: str) -> None:
    """Notes that a run has begun; earlier ones that never ended were killed, and are called so."""
    warehouse.run(f"UPDATE {_RUN} SET status = 'killed' WHERE status = 'running'")
    warehouse.run(
        f"INSERT INTO {_RUN} (run_id, started_at, status, definition_version) VALUES (?, ?, 'running', ?)",
        [run_id, started_at, definition_version],
    )


def end_run(
    warehouse: Warehouse,
    run_id: str,
    *,
    finished_at: datetime,
    status: str,
    rows_read: int = 0,
    rows_quarantined: int = 0,
    values_computed: int = 0,
    up_to_date_key: str | None = None,
    stages: Sequence[StageTaken] = (),
) -> None:
    """Notes how a run ended; `up_to_date_key` names everything its result rests on, if the result is whole."""
    with warehouse.transaction():
        warehouse.run(
            f"UPDATE {_RUN} SET finished_at = ?, status = ?, rows_read = ?, rows_quarantined = ?, values_computed = ?, "
            "up_to_date_key = ? WHERE run_id = ?",
            [finished_at, status, rows_read, rows_quarantined, values_computed, up_to_date_key, run_id],
        )
        for stage in stages:
            warehouse.run(f"INSERT INTO {_STAGE} VALUES (?, ?, ?, ?, ?)", [run_id, *stage])


def up_to_date_key(warehouse: Warehouse) -> str | None:
    """What the last run that published rested on; None where the last one did not end well."""
    found = warehouse.rows(f"SELECT up_to_date_key FROM {_RUN} ORDER BY started_at DESC LIMIT 1")
    key: str | None = found[0][0] if found else None
    return key


def runs(warehouse: Warehouse) -> pl.DataFrame:
    """All runs, the newest first."""
    return warehouse.fetch(f"SELECT * EXCLUDE (up_to_date_key) FROM {_RUN} ORDER BY started_at DESC")


def stages(warehouse: Warehouse) -> pl.DataFrame:
    """The stages of all runs."""
    return warehouse.fetch(f"SELECT * FROM {_STAGE}")
