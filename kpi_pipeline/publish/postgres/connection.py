"""A connection to PostgreSQL: statements, rows, and frames copied into tables; errors that show no secret."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from typing import Any

import polars as pl

from kpi_pipeline.errors import StorageError
from kpi_pipeline.names import TableRef
from kpi_pipeline.postgres_target import PostgresTarget
from kpi_pipeline.redaction import without

DRIVER = "adbc_driver_postgresql"
OPTIONS = {"connect_timeout": "10", "application_name": "kpi_pipeline"}
"""What an address says of a connection where it does not say it itself."""
TRIES, PAUSE = 3, 1.0
"""How often a server that does not answer is asked, and the seconds between."""

LONGEST = 400
"""How much of what the server says is told."""

NUL, UNREADABLE = "\x00", "\ufffd"
"""The one character that a text in PostgreSQL cannot have, and what stands in its place."""


class PostgresProblem(Exception):
    """What the server, or the way to it, refused: PostgreSQL's code for it, if it has one, and its words."""

    def __init__(self, text: str, code: str | None) -> None:
        super().__init__(text)
        self.code = code or ""

    @property
    def may_pass(self) -> bool:
        """Whether it is the connection or another session, and may be over in a moment."""
        return self.code[:2] in ("", "08", "40", "57") or self.code == LOCKED


class NotLetIn(PostgresProblem):
    """No connection came about, although it was tried as often as is good for accounts that are locked by trying."""

    @property
    def may_pass(self) -> bool:
        """Not within this run."""
        return False


LOCKED, DEPENDED_ON, NOT_ALLOWED = "55P03", "2BP01", "42501"


def driver_missing() -> StorageError | None:
    """What to say where the package that speaks to PostgreSQL is not installed; None where it is."""
    if find_spec(DRIVER):
        return None
    return StorageError(
        "Publishing to PostgreSQL needs a package that is not installed: adbc-driver-postgresql.\n"
        'Hint: pip install "kpi-pipeline[postgres]", or take `publish.postgres` out of the settings.'
    )


class Session:
    """One connection, and the transaction that is open in it."""

    def __init__(self, connection: Any, secrets: Sequence[str]) -> None:
        self._connection = connection
        self._secrets = secrets

    def run(self, statement: str, parameters: Sequence[object] = ()) -> None:
        """Runs a statement for its effect."""
        with self._told(), self._connection.cursor() as cursor:
            cursor.execute(statement, list(parameters) or None)

    def run_all(self, statements: Sequence[str]) -> None:
        """Runs statements for their effect, all in one message to the server: it may be far away."""
        if statements:
            self.run(f"DO {literal(f'BEGIN {at_once(statements)} END')}")

    def rows(self, query: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of a small query."""
        with self._told(), self._connection.cursor() as cursor:
            cursor.execute(query, list(parameters) or None)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found

    def copy(self, frame: pl.DataFrame, table: TableRef) -> None:
        """Adds a frame's rows to a table, column by name."""
        if frame.is_empty():
            return
        texts = pl.col(pl.String).str.replace_all(NUL, UNREADABLE, literal=True)
        plain = frame.cast({pl.Categorical: pl.String}).with_columns(texts)
        with self._told(), self._connection.cursor() as cursor:
            cursor.adbc_ingest(table.name, plain, mode="append", db_schema_name=table.schema)

    def commit(self) -> None:
        """Lets readers see all of it."""
        self.run("COMMIT")

    @contextmanager
    def _told(self) -> Iterator[None]:
        with _told(self._secrets):
            yield


def at_once(statements: Sequence[str]) -> str:
    """Statements as the body of a block; each is quoted, for it may hold anything.

    >>> print(at_once(["DROP VIEW a", "SELECT 'b'"]))
    EXECUTE 'DROP VIEW a'; EXECUTE 'SELECT ''b''';
    """
    return " ".join(f"EXECUTE {literal(one)};" for one in statements)


def literal(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def connected(target: PostgresTarget) -> Iterator[Session]:
    """A connection with a transaction open, rolled back unless it is committed; a server that starts is waited for.

    Raises:
        NotLetIn: the server is not to be reached, or let nobody in.
        PostgresProblem: it refuses what is asked of it.
    """
    missing = driver_missing()
    if missing:
        raise missing
    from adbc_driver_postgresql import dbapi

    secrets, address = target.secrets, _address(target)
    for number in range(1, TRIES + 1):
        try:
            with _told(secrets):
                # NOTE: the driver's own transactions know no savepoints, so BEGIN is said below.
                connection = dbapi.connect(address, autocommit=True)
            break
        except PostgresProblem as problem:
            if number == TRIES:
                raise NotLetIn(str(problem), problem.code) from None
            time.sleep(PAUSE)
    session = Session(connection, secrets)
    try:
        session.run("BEGIN")
        yield session
    finally:
        # NOTE: what is not committed by now is rolled back by the server.
        with suppress(Exception):
            connection.close()


def _address(target: PostgresTarget) -> str:
    """The address with what it does not say itself."""
    assert target.url is not None
    address = target.url.get_secret_value()
    missing = [f"{name}={value}" for name, value in OPTIONS.items() if f"{name}=" not in address]
    return address + ("&" if "?" in address else "?") + "&".join(missing) if missing else address


@contextmanager
def _told(secrets: Sequence[str]) -> Iterator[None]:
    """Errors of the driver in the server's own words, without the statement and without secrets."""
    from adbc_driver_manager import Error

    try:
        yield
    except Error as problem:
        text = str(problem).split("\n\nQuery was:")[0].split("\nCONTEXT:")[0].split(". SQLSTATE:")[0]
        for before in ("[libpq] ", "Failed to connect: ", "ERROR:  "):
            text = text.rpartition(before)[2]
        words = textwrap.shorten(without(text, secrets).split("\nLINE ")[0], LONGEST)
        raise PostgresProblem(words, getattr(problem, "sqlstate", None)) from None
