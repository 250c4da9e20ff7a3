"""The published file: built beside the one readers have open, checked, and put in its place in one step.

Readers keep the file they opened until they reconnect. A crash at any moment leaves the last good file where it was.

NOTE: the published name is a link to the file of its run. DuckDB opens a file by its name two or three times, so a
file renamed over another one between two of these gives a reader the head of one and the body of the other; a link it
follows before it opens anything (DuckDB 1.5 and newer).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl
from sqlglot import exp

from kpi_pipeline.errors import InternalError, StorageError
from kpi_pipeline.files import building, clear_leftovers, of_run, point_at, put_in_place, remove
from kpi_pipeline.names import TableRef
from kpi_pipeline.plan import fingerprint
from kpi_pipeline.store.values import ROOMY, Change, rows_and_room, without_parts
from kpi_pipeline.store.warehouse import Warehouse, is_about_storage, lent, quoted

PUBLISHED = "kpi"
"""The warehouse's schema that holds the tables to publish."""

ONE_ROW = "snapshot"
"""The table that says which run made the file."""

READABLE_SINCE = "v1.2.0"
"""The oldest DuckDB that can open the file: BI tools bring one of their own, and it is seldom the newest."""

WRITTEN = TableRef(PUBLISHED, "file")
"""What was written last: of which run, by which statements, and how to tell whether a file is still that."""


FILE = "file"
"""What the new file is called while the warehouse writes to it."""


@dataclass(frozen=True)
class SnapshotFile:
    """What was written: where, how large, and how many rows each table has."""

    path: Path
    bytes: int
    rows: Mapping[str, int]


@dataclass(frozen=True)
class Since:
    """What changed in some tables since the run that wrote the file readers have; the other tables may be new."""

    run_id: str
    changes: Mapping[str, Change]


def write_snapshot(
    warehouse: Warehouse,
    target: Path,
    *,
    tables: Mapping[str, Sequence[exp.Expr]],
    views: Sequence[exp.Expr] = (),
    since: Since | None = None,
) -> SnapshotFile:
    """Publishes the committed tables of the warehouse's schema `kpi` as a new file in place of the target.

    Args:
        warehouse: has the tables.
        target: the file.
        tables: for each table, by name, the statements that make it, empty.
        views: the statements that make everything on top of the tables, in order.
        since: what changed in the larger tables since an earlier run; if the target is what that run wrote, the new
            file is a copy of it with these changes, and not all is written again.

    Raises:
        StorageError: the file cannot be written; what was published before is untouched.
        InternalError: the tables are not what the statements promise.
    """
    making = {name: _texts(statements) for name, statements in tables.items()}
    on_top = _texts(views)
    made_by = fingerprint(making, on_top)
    with _storage_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        clear_leftovers(target)
        built = building(target)
        try:
            rows: dict[str, int] | None = None
            if since and _is_of(warehouse, target, since.run_id, made_by):
                shutil.copyfile(target, built)
                rows = _fill(warehouse, built, tables, since.changes)
            if rows is None:
                remove(built)
                _make(built, (*making.values(), on_top))
                rows = _fill(warehouse, built, tables, {}) or {}
            _verify(built, rows)
            _put_in_place(warehouse, built, target)
        finally:
            clear_leftovers(target)
        _note(warehouse, target, made_by)
        return SnapshotFile(target, target.stat().st_size, rows)


def _put_in_place(warehouse: Warehouse, built: Path, target: Path) -> None:
    """Gives the new file the name of its run and points the published name at it; else the published name itself."""
    own = of_run(target, _run_id(warehouse))
    # NOTE: a log that somebody's writing session left beside the old file would be replayed into the new one.
    remove(_log_of(target))
    remove(_log_of(own))
    put_in_place(built, own)
    if not point_at(target, own):
        put_in_place(own, target)


def _make(path: Path, making: Iterable[Sequence[str]]) -> None:
    """Makes the new file by these statements: all tables, empty, and all views."""
    with duckdb.connect(str(path), config={"storage_compatibility_version": READABLE_SINCE}) as file:
        _run(file, "BEGIN TRANSACTION")
        for statements in making:
            for text in statements:
                try:
                    _run(file, text)
                except (duckdb.CatalogException, duckdb.BinderException, duckdb.ParserException) as problem:
                    raise InternalError(f"A published table or view cannot be made: {problem}\n{text}") from problem
        _run(file, "COMMIT")


def _fill(
    warehouse: Warehouse, path: Path, tables: Iterable[str], changes: Mapping[str, Change]
) -> dict[str, int] | None:
    """Gives every table the rows of the warehouse, all as of one moment, and returns how many.

    Of tables that changed in parts only these are written; None where such a table is better written anew.
    """
    with _attached(warehouse, path) as connection:
        _run(connection, "BEGIN TRANSACTION")
        rows = {}
        for name in tables:
            rows[name] = _count(connection, TableRef(PUBLISHED, name))
            if name in changes:
                _apply(connection, changes[name])
            else:
                _copy(connection, name)
        _run(connection, "COMMIT")
        if not all(_is_fit(connection, name, rows[name]) for name in changes):
            return None
        _run(connection, f"CHECKPOINT {FILE}")
    if _log_of(path).exists():
        raise InternalError(f"{path.name} still has a log beside it after it was closed")
    return rows


@contextmanager
def _attached(warehouse: Warehouse, path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that sees the warehouse and can write to the file."""
    connection = warehouse.connect()
    place = exp.Literal.string(str(path)).sql(dialect=Warehouse.dialect)
    try:
        _run(connection, f"ATTACH {place} AS {FILE} (STORAGE_VERSION '{READABLE_SINCE}')")
        try:
            yield connection
        finally:
            with suppress(duckdb.Error):
                _run(connection, "ROLLBACK")
            _run(connection, f"DETACH {FILE}")
    finally:
        connection.close()


def _copy(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Replaces the rows of one table of the file by those of the warehouse."""
    try:
        _run(connection, f"DELETE FROM {_in_file(name)}")
        _run(connection, f"INSERT INTO {_in_file(name)} BY NAME SELECT * FROM {quoted(TableRef(PUBLISHED, name))}")
    except (duckdb.CatalogException, duckdb.BinderException, duckdb.ConstraintException) as problem:
        raise InternalError(f"The table '{name}' cannot be published: {problem}") from problem


def _apply(connection: duckdb.DuckDBPyConnection, change: Change) -> None:
    """Changes the parts of a table of the file that are to be changed."""
    table = _in_file(change.table.name)
    with lent(connection, change.gone) as gone, lent(connection, change.rows) as fresh:
        _run(connection, without_parts(change, table, gone))
        _run(connection, f"INSERT INTO {table} BY NAME SELECT * FROM {fresh}")


def _is_fit(connection: duckdb.DuckDBPyConnection, name: str, expected: int) -> bool:
    """Whether a table that was changed has all its rows, and not much room beside them."""
    found, room = rows_and_room(connection, _in_file(name))
    return found == expected and room <= ROOMY * found


def _count(connection: duckdb.DuckDBPyConnection, table: TableRef) -> int:
    try:
        return int(connection.execute(f"SELECT count(*) FROM {quoted(table)}").fetchall()[0][0])
    except duckdb.CatalogException as problem:
        raise InternalError(f"The table '{table.name}' cannot be published: {problem}") from problem


def _is_of(warehouse: Warehouse, target: Path, run_id: str, made_by: str) -> bool:
    """Whether the target is what the run wrote, by the same statements, and nobody changed it since."""
    if not warehouse.table_kind(WRITTEN) or not target.exists() or _log_of(target.resolve()).exists():
        return False
    return warehouse.rows(f"SELECT * FROM {quoted(WRITTEN)}") == [(run_id, made_by, *_known_by(target))]


def _note(warehouse: Warehouse, target: Path, made_by: str) -> None:
    """Remembers what was written, and by which run."""
    names = ["run_id", "made_by", "bytes", "modified_ns"]
    note = pl.DataFrame([(_run_id(warehouse), made_by, *_known_by(target))], schema=names, orient="row")
    warehouse.replace_table(WRITTEN, note)


def _run_id(warehouse: Warehouse) -> str:
    """The run whose tables are in the warehouse."""
    return str(warehouse.rows(f"SELECT run_id FROM {quoted(TableRef(PUBLISHED, ONE_ROW))}")[0][0])


def _known_by(target: Path) -> tuple[int, int]:
    found = target.stat()
    return found.st_size, found.st_mtime_ns


def _in_file(name: str) -> str:
    return exp.table_(name, db="main", catalog=FILE, quoted=True).sql(dialect=Warehouse.dialect)


def _texts(statements: Sequence[exp.Expr]) -> list[str]:
    return [one.sql(dialect=Warehouse.dialect) for one in statements]


def _verify(path: Path, rows: Mapping[str, int]) -> None:
    """Opens the finished file as a reader would, counts the rows, and asks every view for its columns."""
    with duckdb.connect(str(path), read_only=True) as reader:
        for name, expected in rows.items():
            found = reader.execute(f"SELECT count(*) FROM {quoted(TableRef('main', name))}").fetchall()[0][0]
            if found != expected:
                raise InternalError(f"The table '{name}' has {found:,} rows in the snapshot, {expected:,} before")
        if rows.get(ONE_ROW, 1) != 1:
            raise InternalError(f"The table '{ONE_ROW}' must have exactly one row; it has {rows[ONE_ROW]:,}")
        views = reader.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
        for (view,) in views:
            try:
                reader.execute(f"DESCRIBE {quoted(TableRef('main', view))}").fetchall()
            except (duckdb.CatalogException, duckdb.BinderException) as problem:
                raise InternalError(f"The view '{view}' does not work: {problem}") from problem


def _run(connection: duckdb.DuckDBPyConnection, statement: str) -> None:
    connection.execute(statement)
    connection.complete()


def _log_of(path: Path) -> Path:
    return path.with_name(path.name + ".wal")


@contextmanager
def _storage_errors(target: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, duckdb.Error) as problem:
        if not is_about_storage(problem):
            raise
        raise StorageError(
            f"The tables could not be published to {target}: {problem}\n"
            "Hint: is the disk full, or the folder read-only? What was published before is untouched."
        ) from problem
