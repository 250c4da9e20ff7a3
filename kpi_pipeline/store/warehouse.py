"""The warehouse: one DuckDB file, written by one process at a time."""

from __future__ import annotations

import json
import os
import re
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
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

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        path: Path | None,
        lock: FileLock | None,
        write: Callable[[], tuple[duckdb.DuckDBPyConnection, FileLock]] | None = None,
    ) -> None:
        self._connection = connection
        self._lock = lock
        self._in_transaction = False
        self._write = write
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
        """Opens the file for writing, after up to `wait` seconds for others; `on_wait` is told who has it open.

        `memory` (512 MB) is how much DuckDB may hold; what is more waits on the disk. By default it holds what it can.
        """
        connection, lock = _to_write(path, _Patience(wait, on_wait), holder, memory)
        return cls(connection, path, lock)

    @classmethod
    def open_to_read(
        cls,
        path: Path,
        *,
        wait: float = 0,
        on_wait: Callable[[str], None] | None = None,
        holder: str = "a question",
        memory: str | None = None,
    ) -> Self:
        """Opens the file for reading, beside others who read it; tables in the schema `temp` can be made.

        Readers pass the writers' lock one after the other, and do not keep it: who waits to write goes before those
        who come later, and begins when the last of those who came earlier is done.
        """
        lock = _locked(path, _Patience(wait, on_wait), holder)
        try:
            connection = _set(_connected(path, _Patience(wait, on_wait), memory, read_only=True))
        finally:
            _release(lock)
        write = partial(_to_write, path, _Patience(wait, on_wait), holder, memory)
        return cls(connection, path, None, write)

    def allow_writing(self) -> None:
        """Lets what was opened to read be written to, too, as soon as nobody else has it open.

        What was made in the schema `temp` is gone afterwards.
        """
        if self._write is None:
            return
        was_shut, folders = self.rows(
            "SELECT NOT current_setting('enable_external_access'), current_setting('allowed_directories')"
        )[0]
        self._connection.close()
        self._connection, self._lock = self._write()
        self._write = None
        if was_shut:
            self.shut(*map(Path, folders))

    def attach(
        self,
        path: Path,
        name: str,
        *,
        wait: float = 0,
        on_wait: Callable[[str], None] | None = None,
        holder: str = "a comparison",
    ) -> None:
        """Lets statements read the tables of another warehouse, as `name`.schema.table; nothing is written to it.

        It takes its turn as `open_to_read` does, and a run waits until this warehouse is closed.
        """
        patience = _Patience(wait, on_wait)
        lock = _locked(path, patience, holder)
        file, alias = exp.Literal.string(str(path)).sql(self.dialect), exp.to_identifier(name, quoted=True)
        statement = f"ATTACH {file} AS {alias.sql(self.dialect)} (READ_ONLY)"
        try:
            _patiently(lambda: self._connection.execute(statement), path, patience)
        finally:
            _release(lock)

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
            _release(self._lock)

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
        with self._storage_errors():
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
    kinds = (OSError, duckdb.IOException, duckdb.OutOfMemoryException, duckdb.FatalException)
    return isinstance(problem, kinds) or is_about_damage(problem)


def is_about_damage(problem: Exception) -> bool:
    """Whether the content of a file is not what DuckDB wrote there: it keeps a checksum of every block."""
    return any(words in str(problem) for words in _DAMAGED)


_DAMAGED = ("not a valid DuckDB database", "Could not read", "Corrupt database file", "Failure while replaying WAL")


def quoted(table: TableRef) -> str:
    """The table's name as SQL text.

    >>> quoted(TableRef("raw", "Odd name"))
    '"raw"."Odd name"'
    """
    return sql_table(table).sql(dialect="duckdb")


def _prepared(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """A connection with our settings, to a database that has our schemas."""
    for schema in SCHEMAS:
        _set(connection).execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
    return connection


def _set(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")
    # NOTE: a row whose expression divides by zero has no value; it does not stop the run.
    connection.execute("SET error_on_division_by_zero = false")
    connection.execute("SET autoinstall_known_extensions = false")
    return connection


@dataclass
class _Patience:
    """How long to wait for others, in all; the first of them is told on."""

    seconds: float
    on_wait: Callable[[str], None] | None
    began: float = field(default_factory=time.monotonic)

    @property
    def waited(self) -> float:
        return time.monotonic() - self.began

    @property
    def is_over(self) -> bool:
        return self.waited >= self.seconds

    def say(self, whom: str) -> None:
        """Tells for whom it waits, once."""
        if self.on_wait:
            self.on_wait(whom)
            self.on_wait = None


def _to_write(
    path: Path, patience: _Patience, holder: str, memory: str | None
) -> tuple[duckdb.DuckDBPyConnection, FileLock]:
    lock = _locked(path, patience, holder)
    try:
        return _prepared(_connected(path, patience, memory, read_only=False)), lock
    except BaseException:
        _release(lock)
        raise


@contextmanager
def kept_from_others(
    path: Path, *, wait: float = 0, on_wait: Callable[[str], None] | None = None, holder: str
) -> Iterator[bool]:
    """For as long as the block lasts nobody else opens the warehouse; False where its file is damaged.

    What stood in a log beside the file is in the file by then.
    """
    patience = _Patience(wait, on_wait)
    lock = _locked(path, patience, holder)
    try:
        if not path.exists():
            yield True
            return
        connection = _checkpointed(path, patience)
        with connection or nullcontext():
            yield connection is not None
    finally:
        _release(lock)


def _checkpointed(path: Path, patience: _Patience) -> duckdb.DuckDBPyConnection | None:
    """The file open for writing, without a log; None where it is damaged."""
    connection = None
    try:
        connection = _connected(path, patience, None, read_only=False)
        connection.execute("CHECKPOINT")
    except (StorageError, duckdb.Error) as problem:
        if connection:
            connection.close()
        if not is_about_damage(problem.__cause__ if isinstance(problem.__cause__, Exception) else problem):
            raise
        return None
    return connection


def _connected(path: Path, patience: _Patience, memory: str | None, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    config: dict[str, str | bool | int | float | list[str]] = {"memory_limit": memory} if memory else {}
    return _patiently(lambda: duckdb.connect(str(path), read_only=read_only, config=config), path, patience)


def _patiently(
    opening: Callable[[], duckdb.DuckDBPyConnection], path: Path, patience: _Patience
) -> duckdb.DuckDBPyConnection:
    """The file open, as soon as nobody has it open who is in the way."""
    while True:
        try:
            return opening()
        except duckdb.Error as problem:
            if patience.is_over or not (reader := _in_the_way(problem)):
                raise _storage_error(problem, path) from problem
            patience.say(f"open in {reader}")
            time.sleep(0.05)


def _in_the_way(problem: duckdb.Error) -> str | None:
    """Who has the file open; None where something else is wrong."""
    if "different configuration" in str(problem):
        return "this process"
    if "Could not set lock" in str(problem):
        found = re.search(r"\(PID (\d+)\)", str(problem))
        return f"process {found.group(1)}" if found else "another process"
    return None


def _release(lock: FileLock) -> None:
    with suppress(OSError):
        _holder_file(Path(lock.lock_file)).unlink(missing_ok=True)
    lock.release()


def _holder_file(lock_file: Path) -> Path:
    return lock_file.with_suffix(".holder")


def _locked(path: Path, patience: _Patience, holder: str) -> FileLock:
    """The lock of a warehouse file; asked for patiently, and saying who has it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path.with_name(path.name + ".lock"))
        note = _holder_file(Path(lock.lock_file))
        while True:
            try:
                lock.acquire(timeout=min(0.2, max(patience.seconds, 0)))
                break
            except Timeout:
                who = _holder(note)
                if patience.is_over:
                    raise WarehouseBusy.held_by(who, str(path), patience.waited) from None
                patience.say(f"being written by {who}")
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
    if "Could not set lock" in text or "different configuration" in text:
        return WarehouseBusy(
            f"Another program has the warehouse {path} open: {text}\n"
            "Hint: close it there; BI tools and notebooks read the published file instead, which is never locked."
        )
    if is_about_damage(problem):
        return StorageError(
            f"The warehouse {path or ''} cannot be read: {text}\n"
            "Hint: is `warehouse` of project.yaml the right path? If the file is damaged, put a backup in its place "
            "(`kpi restore`), or move it away, and its .wal with it: the next run makes a new one from the sources, "
            "without what only earlier runs knew (frozen grades, what was said when). What was published before is "
            "untouched."
        )
    return StorageError(
        f"The warehouse {path or ''} cannot be written: {text}\n"
        "Hint: is the disk full, or the folder read-only? What was published before is untouched."
    )
