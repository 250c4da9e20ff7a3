"""Rows that were not let in, as people look at them: those in quarantine, and examples of a load that was refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from kpi_pipeline.names import TableRef
from kpi_pipeline.plan import Executor
from kpi_pipeline.store.warehouse import Warehouse, quoted

COLUMNS = {
    "file": "_source_file", "line": "line", "column": "column_name", "value": "value", "reason": "reason",
    "check": "check_name", "raw_text": "raw_text", "since": "_quarantined_at", "run_id": "_run_id", "status": "status",
    "status_at": "status_at", "status_note": "status_note", "can_be_tried": "fields",
}  # fmt: skip
"""What is told of a row in quarantine, and where it stands in the table."""
_KINDS = {"line": "BIGINT", "since": "TIMESTAMPTZ", "status_at": "TIMESTAMPTZ", "can_be_tried": "BOOLEAN"}
_REJECTED = TableRef("state", "rejected_row")


def quarantined(warehouse: Warehouse, source: str) -> pl.DataFrame:
    """The rows of a source in quarantine, in the order of files and lines; empty where there are none."""
    table = TableRef("quarantine", source)
    there = warehouse.table_columns(table)
    if not there:
        return warehouse.fetch("SELECT " + ", ".join(f'CAST(NULL AS {_kind(name)}) AS "{name}"' for name in COLUMNS)
                               + " WHERE false")  # fmt: skip
    told = [f'{_told(name, column, there)} AS "{name}"' for name, column in COLUMNS.items()]
    return warehouse.fetch(f'SELECT {", ".join(told)} FROM {quoted(table)} ORDER BY "file", "line", "reason"')


def drop_rows(
    warehouse: Warehouse,
    source: str,
    *,
    note: str,
    now: datetime,
    file: str | None = None,
    check: str | None = None,
    column: str | None = None,
    line: int | None = None,
    before: datetime | None = None,
) -> int:
    """Says of open rows that nobody will mend them; they stay, with who said so and when. Says how many they are."""
    asked: dict[str, str | int | datetime | None] = {
        "_source_file = ?": file,
        "check_name = ?": check,
        "column_name = ?": column,
        "line = ?": line,
        "_quarantined_at < ?": before,
    }
    given = {condition: value for condition, value in asked.items() if value is not None}
    conditions = " AND ".join(["coalesce(status, 'open') = 'open'", *given])
    table = quoted(TableRef("quarantine", source))
    with warehouse.transaction():
        found = warehouse.rows(f"SELECT count(*) FROM {table} WHERE {conditions}", list(given.values()))
        warehouse.run(
            f"UPDATE {table} SET status = 'dropped', status_at = ?, status_note = ? WHERE {conditions}",
            [now, note, *given.values()],
        )
    return int(found[0][0])


def remember_rejected(
    warehouse: Warehouse, asset: str, rows: Sequence[tuple[str, str]], run_id: str, now: datetime
) -> None:
    """Keeps examples of the rows for which a load was refused, by check, in place of earlier ones."""
    with warehouse.transaction():
        warehouse.run("DELETE FROM state.rejected_row WHERE asset = ?", [asset])
        if rows:
            frame = pl.DataFrame(
                [(asset, check, fields, run_id, now) for check, fields in rows],
                schema=["asset", "check_name", "fields", "run_id", "noted_at"],
                orient="row",
            )
            warehouse.append(_REJECTED, frame)


def rejected(warehouse: Warehouse, asset: str) -> pl.DataFrame:
    """Examples of the rows that fail, or do not fit, in the last load of an asset if refused; empty if let in."""
    return warehouse.fetch(
        f"SELECT check_name, fields, run_id, noted_at FROM {quoted(_REJECTED)} WHERE asset = ? ORDER BY rowid", [asset]
    )


def last_load(executor: Executor, source: str) -> datetime | None:
    """When rows of a source were loaded or tried again last."""
    found = executor.rows("SELECT max(loaded_at) FROM state.source_load WHERE source = ?", [source])
    moment: datetime | None = found[0][0]
    return moment


def loads(warehouse: Warehouse, source: str) -> pl.DataFrame:
    """What every load of a source read, and where the rows went."""
    return warehouse.fetch("SELECT * FROM state.source_load WHERE source = ? ORDER BY loaded_at, rowid", [source])


def _told(name: str, column: str, there: dict[str, str]) -> str:
    if name == "status":
        return "coalesce(\"status\", 'open')" if column in there else "'open'"
    if name == "can_be_tried":
        return '"fields" IS NOT NULL' if column in there else "false"
    return f'"{column}"' if column in there else f"CAST(NULL AS {_kind(name)})"


def _kind(name: str) -> str:
    return _KINDS.get(name, "VARCHAR")
