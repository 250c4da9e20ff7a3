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


class Outcome(NamedTuple):
    """How a run ended: published, blocked, loaded, failed or stopped; how much it did, and what it failed by."""

    status: str
    rows_read: int = 0
    rows_quarantined: int = 0
    values_computed: int = 0
    values_restated: int = 0
    problem: str | None = None


def begin_run(warehouse: Warehouse, run_id: str, started_at: datetime, definition_version: str) -> None:
    """Notes that a run has begun; earlier ones that never ended were killed, and are called so."""
    warehouse.run(f"UPDATE {_RUN} SET status = 'killed' WHERE status = 'running'")
    warehouse.run(
        f"INSERT INTO {_RUN} (run_id, started_at, status, definition_version) VALUES (?, ?, 'running', ?)",
        [run_id, started_at, definition_version],
    )


def forget_run(warehouse: Warehouse, run_id: str) -> None:
    """Takes back that a run has begun: it found nothing to do."""
    warehouse.run(f"DELETE FROM {_RUN} WHERE run_id = ?", [run_id])


def note_looked(warehouse: Warehouse, moment: datetime) -> None:
    """Notes that a run found nothing to do: what was published last is still what there is."""
    warehouse.run(f"UPDATE {_RUN} SET looked_at = ? WHERE up_to_date_key IS NOT NULL", [moment])


def last_looked(warehouse: Warehouse) -> datetime | None:
    """When a run last found nothing to do; None if none has since something was published."""
    found: datetime | None = warehouse.rows(f"SELECT max(looked_at) FROM {_RUN}")[0][0]
    return found


def end_run(
    warehouse: Warehouse,
    run_id: str,
    outcome: Outcome,
    *,
    finished_at: datetime,
    up_to_date_key: str | None = None,
    stages: Sequence[StageTaken] = (),
) -> None:
    """Notes how a run ended; `up_to_date_key` names everything its result rests on, if the result is whole."""
    with warehouse.transaction():
        warehouse.run(
            f"UPDATE {_RUN} SET finished_at = ?, status = ?, rows_read = ?, rows_quarantined = ?, values_computed = ?, "
            "values_restated = ?, problem = ?, up_to_date_key = ? WHERE run_id = ?",
            [finished_at, *outcome, up_to_date_key, run_id],
        )
        for stage in stages:
            warehouse.run(f"INSERT INTO {_STAGE} VALUES (?, ?, ?, ?, ?)", [run_id, *stage])


def note_published(warehouse: Warehouse, run_id: str, moment: datetime) -> None:
    """Notes when the values of a run became the published ones; that nothing had changed was said of earlier ones."""
    warehouse.run(f"UPDATE {_RUN} SET looked_at = NULL WHERE looked_at IS NOT NULL")
    warehouse.run(f"UPDATE {_RUN} SET published_at = ? WHERE run_id = ?", [moment, run_id])


def up_to_date_key(warehouse: Warehouse) -> str | None:
    """What the published tables rest on; None where they are not known to be whole."""
    found = warehouse.rows(f"SELECT up_to_date_key FROM {_RUN} WHERE up_to_date_key IS NOT NULL")
    key: str | None = found[0][0] if found else None
    return key


def out_of_date(warehouse: Warehouse) -> None:
    """From now on tables change, so nothing is known to be whole until a run ends well."""
    warehouse.run(f"UPDATE {_RUN} SET up_to_date_key = NULL WHERE up_to_date_key IS NOT NULL")


def runs(warehouse: Warehouse) -> pl.DataFrame:
    """All runs, the newest first."""
    told = "* EXCLUDE (up_to_date_key, looked_at)"
    return warehouse.fetch(f"SELECT {told} FROM {_RUN} ORDER BY started_at DESC, rowid DESC")


def stages(warehouse: Warehouse) -> pl.DataFrame:
    """The stages of all runs."""
    return warehouse.fetch(f"SELECT * FROM {_STAGE}")
