"""The warehouse as a file to keep: copied while questions read it, and put back in one step."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import duckdb

from kpi_pipeline.errors import StorageError
from kpi_pipeline.files import building, clear_leftovers, put_in_place, remove, sync
from kpi_pipeline.names import TableRef
from kpi_pipeline.store.source_changes import CHANGES
from kpi_pipeline.store.state import LEDGERS
from kpi_pipeline.store.warehouse import SCHEMAS, Warehouse, kept_from_others, quoted


@contextmanager
def files_of(warehouse: Warehouse) -> Iterator[dict[str, IO[bytes]]]:
    """The warehouse's file, and the log beside it where a killed run left one, opened for copying, by their names.

    The warehouse has to be open for as long as they are copied: until then nobody writes to it.
    """
    path = warehouse.path
    assert path is not None, "a warehouse in memory has no file"
    opened: dict[str, IO[bytes]] = {}
    stack = ExitStack()
    try:
        for one in (path, log_of(path)):
            with suppress(FileNotFoundError):
                opened[one.name] = stack.enter_context(one.open("rb"))
        yield opened
    finally:
        # NOTE: a process that closes a file gives up all its locks on it, those of DuckDB, too; so that goes first.
        warehouse.close()
        stack.close()


def last_run(warehouse: Warehouse) -> str | None:
    """The run that began last, in a state of any version."""
    found = warehouse.rows(f"SELECT run_id FROM {_state('run')} ORDER BY started_at DESC, rowid DESC LIMIT 1")
    return str(found[0][0]) if found else None


def log_of(path: Path) -> Path:
    """Where DuckDB keeps what is not yet in the file."""
    return path.with_name(f"{path.name}.wal")


def copy_state(warehouse: Warehouse, target: Path) -> None:
    """Writes a new warehouse that holds the state, without what only says what its other tables hold."""
    # NOTE: who opened one file to read can write to no other, so the rows are handed over.
    reader = warehouse.connect()
    try:
        with duckdb.connect(str(target)) as made:
            for schema in SCHEMAS:
                made.execute(f'CREATE SCHEMA "{schema}"')
            making = dict(
                reader.execute(
                    "SELECT table_name, sql FROM duckdb_tables() "
                    "WHERE database_name = current_database() AND schema_name = 'state'"
                ).fetchall()
            )
            for name, statement in making.items():
                made.execute(statement)
                if name not in LEDGERS:
                    _hand_over(reader, made, f"SELECT * FROM {_state(name)}", name)
            if CHANGES.name in making:
                # NOTE: all rows are loaded again, and why values differ then can only be that rows came or changed.
                _hand_over(reader, made, _EVERYTHING_NEW, CHANGES.name)
    finally:
        reader.close()


_EVERYTHING_NEW = (
    "SELECT coalesce((SELECT max(number) FROM state.source_change), 0) + "
    "coalesce((SELECT max(source_change) FROM state.kpi_said), 0) + 1 AS number, source, NULL AS day, 0 AS gained, "
    "0 AS lost, now() AS noted_at "
    "FROM state.source_state"
)


def _hand_over(reader: duckdb.DuckDBPyConnection, made: duckdb.DuckDBPyConnection, query: str, table: str) -> None:
    """Adds the rows of a query to a table of the new file's state."""
    made.register("_handed", reader.sql(query).to_arrow_reader())
    made.execute(f"INSERT INTO {_state(table)} BY NAME SELECT * FROM _handed")
    made.unregister("_handed")


def _state(table: str) -> str:
    return quoted(TableRef("state", table))


def put_back(
    fill: Callable[[Path], None],
    path: Path,
    *,
    wait: float = 0,
    on_wait: Callable[[str], None] | None = None,
    now: datetime | None = None,
) -> Path | None:
    """Puts another warehouse in this one's place, and keeps this one beside it; returns where, if there was one.

    `fill` writes it to the path it is given, the log beside it. Killed at any moment, there is the old warehouse or
    the new one, whole.
    """
    with kept_from_others(path, wait=wait, on_wait=on_wait, holder="a restore") as is_whole:
        clear_leftovers(path)
        built = building(path)
        try:
            fill(built)
            _made_ready(built)
            kept = _keep(path, now or datetime.now(UTC), is_whole=is_whole) if path.exists() else None
            put_in_place(built, path)
        finally:
            clear_leftovers(path)
    return kept


def _made_ready(built: Path) -> None:
    """Takes the log into the file, and forgets that anything published is up to date with it."""
    try:
        with duckdb.connect(str(built)) as file:
            if file.execute(
                "SELECT 1 FROM duckdb_tables() WHERE schema_name = 'state' AND table_name = 'run'"
            ).fetchall():
                file.execute("UPDATE state.run SET up_to_date_key = NULL WHERE up_to_date_key IS NOT NULL")
            file.execute("CHECKPOINT")
    except duckdb.Error as problem:
        raise StorageError(
            f"The warehouse of the backup cannot be opened: {str(problem).splitlines()[0]}\n"
            "Hint: take another backup; the warehouse is as it was."
        ) from problem


def _keep(path: Path, now: datetime, *, is_whole: bool) -> Path:
    """Gives the present file a second name, so that it stays when its own is taken."""
    kept = path.with_name(f"{path.stem}.before-restore-{now:%Y%m%dT%H%M%S%f}{path.suffix}")
    try:
        os.link(path, kept)
    except OSError:
        # NOTE: some network and FAT disks know no second names.
        shutil.copyfile(path, kept)
        sync(kept)
    if not is_whole and log_of(path).exists():
        os.replace(log_of(path), log_of(kept))  # noqa: PTH105
    remove(log_of(path))
    return kept
