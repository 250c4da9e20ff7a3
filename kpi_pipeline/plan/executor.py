"""What runs SQL for the other rooms, so that no engine is imported there."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from kpi_pipeline.names import TableRef

if TYPE_CHECKING:
    import polars as pl
    from sqlglot import expressions as exp


class Engine(Protocol):
    """Answers SQL trees where the rows are."""

    @property
    def query_errors(self) -> tuple[type[Exception], ...]:
        """What a tree that cannot be carried out raises."""
        ...

    def fetch(self, query: exp.Expr) -> pl.DataFrame:
        """The rows of a query as a frame."""
        ...

    def rows(self, query: exp.Expr) -> list[tuple[Any, ...]]:
        """The rows of a small query as tuples."""
        ...

    def columns(self, query: exp.Expr) -> dict[str, str]:
        """The names of a query's columns, and DuckDB's names of their types, without running it."""
        ...

    def table_columns(self, table: TableRef) -> dict[str, str]:
        """The names and types of a table's columns; empty where there is no such table."""
        ...

    def replace_table(self, table: TableRef, frame: pl.DataFrame) -> None:
        """Creates a table anew with the frame's rows; in the schema `temp` for as long as the engine is open."""
        ...


class Executor(Engine, Protocol):
    """The engine that is the warehouse: it also writes, and takes statements with parameters."""

    @property
    def dialect(self) -> str:
        """What sqlglot calls its SQL."""
        ...

    def run(self, statement: exp.Expr | str, parameters: Sequence[object] = ()) -> None:
        """Runs a statement for its effect."""
        ...

    def fetch(self, query: exp.Expr | str, parameters: Sequence[object] = ()) -> pl.DataFrame:
        """The rows of a query as a frame."""
        ...

    def rows(self, query: exp.Expr | str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of a small query as tuples."""
        ...

    def columns(self, query: exp.Expr | str) -> dict[str, str]:
        """The names and types of a query's columns, without running it."""
        ...

    def append(self, table: TableRef, frame: pl.DataFrame) -> None:
        """Adds the frame's rows to a table, column by name."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """All of it or nothing."""
        ...
