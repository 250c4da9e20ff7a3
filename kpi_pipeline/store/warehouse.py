"""The warehouse: one DuckDB file, written by one process at a time."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import polars as pl
from filelock import FileLock, Timeout
from sqlglot import expressions as exp

from kpi_pipeline.errors import StorageError, WarehouseBusy
from kpi_pipeline.names import TableRef
from kpi_pipeline.sql_parts import sql_table

SCHEMAS = ("raw", "quarantine", "staging", "model", "partial", "kpi", "state")
"""raw: rows as loaded; quarantine: rows that did not fit; staging: not yet checked; model: views over raw; partial:
what reduce made; kpi: the published tables, their parts and what is known of the file; state: what cannot be derived
again and is never dropped."""
TEMPORARY = "temp"
"""Where tables stand that live as long as the connection and are written to no file."""


class Warehouse:
    """A DuckDB database and the right to write to it.

    Use it as a context manager: `with Warehouse.open(path) as warehouse: ...`. Statements are sqlglot trees; values are
    parameters. Errors of the disk become StorageError.
    """

    dialect = "duckdb"
    query_errors: tuple[type[Exception], ...] = (duckdb.Error,)
    """What a statement that cannot be carried out raises, for reasons other than the disk."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path | None, lock: FileLock | None) -> None:
        self._connection = connection
        self._lock = lock
        self._in_transaction = False
        self.path = path

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        wait: float = 0,
        on_wait: Callable[[str], None] | None = None,
        holder: str = "a run",
        memory: str | None = None,
    ) -> Self:
        """Opens the file for writing, after up to `wait` seconds for another writer; `on_wait` is told who it is.

        `memory` (512 MB) is how much DuckDB may hold; what is more waits on the disk. By default it holds what it can.
        """
        lock = _locked(path, wait=wait, on_wait=on_wait, holder=holder)
        try:
            connection = duckdb.connect(str(path), config={"memory_limit": memory} if memory else {})
        except duckdb.Error as problem:
            lock.release()
            raise _storage_error(problem, path) from problem
        return cls(_prepared(connection), path, lock)

    @classmethod
    def in_memory(cls) -> Self:
        """A warehouse that is gone when it is closed; for trying things and for tests."""
        return cls(_prepared(duckdb.connect(":memory:")), None, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file and lets the next writer in."""
        self._connection.close()
        if self._lock:
            with suppress(OSError):
                _holder_file(Path(self._lock.lock_file)).unlink(missing_ok=True)
            self._lock.release()

    def shut(self, *writable: Path) -> None:
        """From now on statements reach no file but the warehouse's own and those in the folders named, and no network.

        It lasts until the warehouse is closed; neither SQL nor this program can take it back.
        """
        # NOTE: doing it again would be refused, also with the same folders.
        if self.rows("SELECT current_setting('enable_external_access')") == [(False,)]:
            return
        folders = exp.array(*(exp.Literal.string(str(one)) for one in writable)).sql(dialect=self.dialect)
        self.run(f"SET allowed_directories = {folders}")
        self.run("SET enable_external_access = false")

    def run(self, statement: exp.Expr | str, parameters: Sequence[object] = ()) -> None:
        """Runs a statement for its effect."""
        self._execute(statement, parameters)
        self._connection.complete()

    def fetch(self, query: exp.Expr | str, parameters: Sequence[object] = ()) -> pl.DataFrame:
        """The rows of a query as a Polars frame."""
        with self._storage_errors():
            rows: pl.DataFrame = self._connection.sql(self._text(query), params=list(parameters)).pl()
            return rows

    def rows(self, query: exp.Expr | str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of a small query as tuples."""
        return self._execute(query, parameters).fetchall()

    def columns(self, query: exp.Expr | str) -> dict[str, str]:
        """The names and DuckDB types of a query's columns, without running it."""
        described = self._execute(f"DESCRIBE {self._text(query)}", ())
        return {str(row[0]): str(row[1]) for row in described.fetchall()}

    def table_columns(self, table: TableRef) -> dict[str, str]:
        """The names and types of a table's or view's columns; empty where there is no such table."""
        found = self.rows(
            "SELECT column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = ? AND table_name = ? AND table_catalog = current_database() "
            "ORDER BY ordinal_position",
            [table.schema, table.name],
        )
        return {str(name): str(kind) for name, kind in found}

    def table_kind(self, table: TableRef) -> str | None:
        """BASE TABLE or VIEW; None where there is neither."""
        found = self.rows(
            "SELECT table_type FROM information_schema.tables "
            "WHERE table_schema = ? AND table_name = ? AND table_catalog = current_database()",
            [table.schema, table.name],
        )
        return str(found[0][0]) if found else None

    def drop(self, table: TableRef) -> None:
        """Removes a table or view, if it is there."""
        kind = self.table_kind(table)
        if kind:
            self.run(f"DROP {'VIEW' if kind == 'VIEW' else 'TABLE'} {quoted(table)}")

    def count(self, table: TableRef) -> int:
        """How many rows a table or view has."""
        return int(self.rows(f"SELECT count(*) FROM {quoted(table)}")[0][0])

    def replace_table(self, table: TableRef, frame: pl.DataFrame) -> None:
        """Creates the table anew with the frame's rows; in the schema `temp` for as long as the warehouse is open."""
        with self.lent(frame) as lent:
            kind = "TEMPORARY TABLE" if table.schema == TEMPORARY else "TABLE"
            self.run(f"CREATE OR REPLACE {kind} {quoted(table)} AS SELECT * FROM {lent}")

    def append(self, table: TableRef, frame: pl.DataFrame) -> None:
        """Adds the frame's rows to the table, column by name."""
        with self.lent(frame) as lent:
            self.run(f"INSERT INTO {quoted(table)} BY NAME SELECT * FROM {lent}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing; a transaction within one joins it."""
        if self._in_transaction:
            yield
            return
        self.run("BEGIN TRANSACTION")
        self._in_transaction = True
        try:
            yield
        except BaseException:
            self._in_transaction = False
            with suppress(duckdb.Error):
                self._connection.execute("ROLLBACK")
            raise
        self._in_transaction = False
        self.run("COMMIT")

    def connect(self) -> duckdb.DuckDBPyConnection:
        """Another connection to the same database; it sees what is committed."""
        return self._connection.cursor()

    def lent(self, frame: pl.DataFrame) -> AbstractContextManager[str]:
        """The frame under a name that SQL can read from, for as long as the block lasts."""
        return lent(self._connection, frame)

    def _text(self, statement: exp.Expr | str) -> str:
        return statement if isinstance(statement, str) else statement.sql(dialect=self.dialect)

    def _execute(self, statement: exp.Expr | str, parameters: Sequence[object]) -> duckdb.DuckDBPyConnection:
        with self._storage_errors():
            return self._connection.execute(self._text(statement), list(parameters))

    @contextmanager
    def _storage_errors(self) -> Iterator[None]:
        try:
            yield
        except duckdb.Error as problem:
            if is_about_storage(problem):
                raise _storage_error(problem, self.path) from problem
            raise


@contextmanager
def lent(connection: duckdb.DuckDBPyConnection, frame: pl.DataFrame) -> Iterator[str]:
    """The frame under a name that SQL on the connection can read from, for as long as the block lasts."""
    name = f"_lent_{id(frame)}"
    connection.register(name, frame.to_arrow())
    try:
        yield name
    finally:
        connection.unregister(name)


def is_about_storage(problem: Exception) -> bool:
    """Whether the disk or the memory, and not the statement, is why DuckDB could not carry it out.

    NOTE: DuckDB 2.0 reports a log that cannot be written as an error of the transaction.
    """
    if isinstance(problem, duckdb.TransactionException):
        return "Failed to commit" in str(problem)
    return isinstance(problem, OSError | duckdb.IOException | duckdb.OutOfMemoryException | duckdb.FatalException)


def quoted(table: TableRef) -> str:
    """The table's name as SQL text.

    >>> quoted(TableRef("raw", "Odd name"))
    '"raw"."Odd name"'
    """
    return sql_table(table).sql(dialect="duckdb")


def _prepared(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")
    # NOTE: a row whose expression divides by zero has no value; it does not stop the run.
    connection.execute("SET error_on_division_by_zero = false")
    connection.execute("SET autoinstall_known_extensions = false")
    for schema in SCHEMAS:
        connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
    return connection


def _holder_file(lock_file: Path) -> Path:
    return lock_file.with_suffix(".holder")


def _locked(path: Path, *, wait: float, on_wait: Callable[[str], None] | None, holder: str) -> FileLock:
    """The lock of a warehouse file; asked for patiently, and saying who has it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path.with_name(path.name + ".lock"))
        note = _holder_file(Path(lock.lock_file))
        began = time.monotonic()
        told = False
        while True:
            try:
                lock.acquire(timeout=min(0.2, max(wait, 0)))
                break
            except Timeout:
                who = _holder(note)
                waited = time.monotonic() - began
                if waited >= wait:
                    raise WarehouseBusy.held_by(who, str(path), waited) from None
                if on_wait and not told:
                    on_wait(who)
                    told = True
        note.write_text(
            json.dumps(
                {
                    "holder": holder,
                    "pid": os.getpid(),
                    "host": socket.gethostname(),
                    "since": datetime.now(UTC).isoformat(timespec="seconds"),
                }
            ),
            encoding="utf-8",
        )
    except OSError as problem:
        raise _storage_error(problem, path) from problem
    return lock


def _holder(note: Path) -> str:
    try:
        found = json.loads(note.read_text(encoding="utf-8"))
        return f"{found['holder']} (process {found['pid']} on {found['host']}, since {found['since']})"
    except (OSError, ValueError, KeyError):
        return "another process"


def _storage_error(problem: Exception, path: Path | None) -> StorageError | WarehouseBusy:
    text = str(problem).removeprefix("IO Error: ")
    if "Conflicting lock" in text or "Could not set lock" in text:
        return WarehouseBusy(
            f"Another program has the warehouse {path} open: {text}\n"
            "Hint: close it there; BI tools and notebooks read the published file instead, which is never locked."
        )
    if "not a valid DuckDB database" in text or "Could not read" in text:
        return StorageError(
            f"The warehouse {path or ''} cannot be read: {text}\n"
            "Hint: is `warehouse` of project.yaml the right path? If the file is damaged, move it away; the next run "
            "makes a new one from the sources. What was published before is untouched."
        )
    return StorageError(
        f"The warehouse {path or ''} cannot be written: {text}\n"
        "Hint: is the disk full, or the folder read-only? What was published before is untouched."
    )
