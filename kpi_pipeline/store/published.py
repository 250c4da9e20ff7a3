"""The published file, as any reader opens it: read-only, whole, never locked by a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import duckdb

from kpi_pipeline.errors import DataError, StorageError
from kpi_pipeline.store.warehouse import is_about_damage

if TYPE_CHECKING:
    import polars as pl


class PublishedBefore(DataError):
    """The published tables are those of an earlier version, which lack what is asked for."""

    def __init__(self, problem: duckdb.Error) -> None:
        super().__init__(
            "The published tables are those of an earlier version, which lack what is asked for "
            f"({str(problem).splitlines()[0]}).\nHint: `kpi run --full` publishes them anew."
        )


class Published:
    """One snapshot of the KPI tables; it stays the same for as long as it is open."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        self._connection = connection
        self._path = path

    @classmethod
    def open(cls, path: Path) -> Self:
        """Opens the published file."""
        if not path.exists():
            raise DataError(f"Nothing was published yet: there is no {path}.\nHint: `kpi run` publishes it.")
        try:
            return cls(duckdb.connect(str(path), read_only=True), path)
        except duckdb.Error as problem:
            raise _unreadable(path, problem) from problem

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def fetch(self, query: str, parameters: Sequence[object] = ()) -> pl.DataFrame:
        """The rows of a query.

        Raises:
            PublishedBefore: a table or column is missing, because an earlier version published the file.
        """
        try:
            rows: pl.DataFrame = self._connection.sql(query, params=list(parameters)).pl()
        except (duckdb.CatalogException, duckdb.BinderException) as problem:
            raise PublishedBefore(problem) from problem
        except duckdb.Error as problem:
            if not is_about_damage(problem):
                raise
            raise _unreadable(self._path, problem) from problem
        return rows


def _unreadable(path: Path, problem: duckdb.Error) -> StorageError:
    return StorageError(
        f"The published file {path} cannot be read: {str(problem).splitlines()[0]}\n"
        "Hint: `kpi run --full` writes it anew."
    )
