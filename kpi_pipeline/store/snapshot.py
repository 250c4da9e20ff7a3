"""The published file: built beside the one readers have open, checked, and put in its place in one step.

Readers keep the file they opened until they reconnect. A crash at any moment leaves the last good file where it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb
from sqlglot import exp

from kpi_pipeline.errors import InternalError, StorageError
from kpi_pipeline.files import building, clear_leftovers, put_in_place, remove
from kpi_pipeline.names import TableRef
from kpi_pipeline.store.warehouse import Warehouse, is_about_storage, quoted

PUBLISHED = "kpi"
"""The warehouse's schema that holds the tables to publish."""

ONE_ROW = "snapshot"
"""The table that says which run made the file."""

READABLE_SINCE = "v1.2.0"
"""The oldest DuckDB that can open the file: BI tools bring one of their own, and it is seldom the newest."""


@dataclass(frozen=True)
class SnapshotFile:
    """What was written: where, how large, and how many rows each table has."""

    path: Path
    bytes: int
    rows: Mapping[str, int]


def write_snapshot(
    warehouse: Warehouse,
    target: Path,
    *,
    tables: Mapping[str, Sequence[exp.Expr]],
    views: Sequence[exp.Expr] = (),
) -> SnapshotFile:
    """Publishes the committed tables of the warehouse's schema `kpi` as a new file in place of the target.

    Args:
        tables: for each table, by name, the statements that make it, empty.
        views: the statements that make everything on top of the tables, in order.

    Raises:
        StorageError: the file cannot be written; what was published before is untouched.
        InternalError: the tables are not what the statements promise.
    """
    with _storage_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        clear_leftovers(target)
        built = building(target)
        try:
            rows = _build(warehouse, built, tables, views)
            _verify(built, rows)
            # NOTE: a log that somebody's writing session left beside the old file would be replayed into the new one.
            remove(_log_of(target))
            put_in_place(built, target)
        finally:
            clear_leftovers(target)
        return SnapshotFile(target, target.stat().st_size, rows)


def _build(
    warehouse: Warehouse,
    path: Path,
    tables: Mapping[str, Sequence[exp.Expr]],
    views: Sequence[exp.Expr],
) -> dict[str, int]:
    """Writes the new file and returns how many rows the warehouse has of each table."""
    compatible = duckdb.connect(str(path), config={"storage_compatibility_version": READABLE_SINCE})
    with compatible as file, _one_moment(warehouse) as source:
        _run(file, "BEGIN TRANSACTION")
        for statements in tables.values():
            _run_all(file, statements)
        rows = {name: _copy(source, file, name) for name in tables}
        _run_all(file, views)
        _run(file, "COMMIT")
        _run(file, "CHECKPOINT")
    if _log_of(path).exists():
        raise InternalError(f"{path.name} still has a log beside it after it was closed")
    return rows


@contextmanager
def _one_moment(warehouse: Warehouse) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that sees all tables as they were at one moment."""
    source = warehouse.connect()
    try:
        _run(source, "BEGIN TRANSACTION READ ONLY")
        yield source
    finally:
        with suppress(duckdb.Error):
            _run(source, "ROLLBACK")
        source.close()


def _copy(source: duckdb.DuckDBPyConnection, file: duckdb.DuckDBPyConnection, name: str) -> int:
    """Streams one table into the new file."""
    from_table = quoted(TableRef(PUBLISHED, name))
    into = quoted(TableRef("main", name))
    try:
        source.execute(f"SELECT count(*) FROM {from_table}")
        rows: int = source.fetchall()[0][0]
        file.register("incoming", source.sql(f"SELECT * FROM {from_table}").to_arrow_reader())
        _run(file, f"INSERT INTO {into} BY NAME SELECT * FROM incoming")
        file.unregister("incoming")
    except (duckdb.CatalogException, duckdb.BinderException, duckdb.ConstraintException) as problem:
        raise InternalError(f"The table '{name}' cannot be published: {problem}") from problem
    return rows


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


def _run_all(connection: duckdb.DuckDBPyConnection, statements: Sequence[exp.Expr]) -> None:
    for statement in statements:
        text = statement.sql(dialect=Warehouse.dialect)
        try:
            _run(connection, text)
        except (duckdb.CatalogException, duckdb.BinderException, duckdb.ParserException) as problem:
            raise InternalError(f"A published table or view cannot be made: {problem}\n{text}") from problem


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
