"""The warehouse in the words of SQLAlchemy, through which Great Expectations asks its questions.

DuckDB speaks the SQL of PostgreSQL, so the dialect is SQLAlchemy's own one for PostgreSQL and keeps its name, by which
Great Expectations knows what it may ask. Four things differ: every name is quoted; `~` means that a pattern is found
somewhere in the text; columns are read from information_schema; and a cursor reads its whole result at once, because
Great Expectations fetches rows after it has given the connection back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import sqlalchemy
from sqlalchemy.dialects.postgresql.base import PGCompiler, PGDialect, PGIdentifierPreparer
from sqlalchemy.pool import StaticPool

COLUMNS = sqlalchemy.text(
    "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = :name ORDER BY ordinal_position"
)


class WholeResultCursor:
    """A cursor that has read everything before anybody asks, so that the connection is free again."""

    arraysize = 1
    rowcount = -1

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._rows: deque[tuple[Any, ...]] = deque()
        self.description: Sequence[Any] | None = None

    def execute(self, statement: str, parameters: Sequence[object] = ()) -> None:
        result = self._connection.execute(statement, list(parameters))
        self.description = result.description
        self._rows = deque(result.fetchall())

    def fetchone(self) -> tuple[Any, ...] | None:
        return self._rows.popleft() if self._rows else None

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        return [self._rows.popleft() for _ in range(min(size, len(self._rows)))]

    def fetchall(self) -> list[tuple[Any, ...]]:
        rows = list(self._rows)
        self._rows.clear()
        return rows

    def close(self) -> None:
        self._rows.clear()


class OneConnection:
    """One DuckDB connection behind all cursors, so that they share its temporary views; it only reads."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def cursor(self) -> WholeResultCursor:
        return WholeResultCursor(self._connection)

    def commit(self) -> None:
        """Nothing was written."""

    def rollback(self) -> None:
        """Nothing was written."""

    def close(self) -> None:
        """Whoever opened the connection closes it."""


class _Names(PGIdentifierPreparer):
    def _requires_quotes(self, value: str) -> bool:
        return True


class _Compiler(PGCompiler):
    def visit_custom_op_binary(self, element: Any, operator: Any, **kw: Any) -> str:
        if operator.opstring not in ("~", "!~"):
            return str(super().visit_custom_op_binary(element, operator, **kw))  # type: ignore[no-untyped-call]
        found = f"regexp_matches({self.process(element.left, **kw)}, {self.process(element.right, **kw)})"
        return found if operator.opstring == "~" else f"NOT {found}"


class NamedType(sqlalchemy.types.UserDefinedType[Any]):
    """A type by the name that DuckDB gives it."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: Any) -> str:
        return self.name


class WarehouseDialect(PGDialect):
    """DuckDB for SQLAlchemy."""

    driver = "duckdb"
    default_paramstyle = "numeric_dollar"
    supports_statement_cache = True
    preparer = _Names
    statement_compiler = _Compiler

    @classmethod
    def import_dbapi(cls) -> Any:
        """Nothing to import: the connection is handed in. Its errors are told apart by their names."""
        return SimpleNamespace(paramstyle="numeric_dollar", Error=Exception)

    def initialize(self, connection: Any) -> None:
        """Nothing to ask the server about."""

    def get_columns(self, connection: Any, table_name: str, schema: str | None = None, **_: Any) -> Any:
        found = connection.execute(COLUMNS, {"name": str(table_name)})
        return [{"name": name, "type": NamedType(kind), "nullable": True, "default": None} for name, kind in found]

    def get_pk_constraint(self, connection: Any, table_name: str, schema: str | None = None, **_: Any) -> Any:
        return {"constrained_columns": [], "name": None}


URL = "warehouse+duckdb://"


def engine_options(connection: Any) -> dict[str, Any]:
    """What `create_engine(URL, **options)` needs so that it uses this connection and no other."""
    sqlalchemy.dialects.registry.register("warehouse.duckdb", __name__, "WarehouseDialect")
    return {"creator": lambda: OneConnection(connection), "poolclass": StaticPool}
