"""One transaction that makes the tables of a schema those of a run.

Rows are taken out and put in, never tables swapped: so nobody waits for anybody, a statement sees one run, and so does
a transaction that asks for it (REPEATABLE READ). Views are made anew only where definitions changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import polars as pl

from kpi_pipeline.errors import StorageError, listed
from kpi_pipeline.names import TableRef
from kpi_pipeline.postgres_target import PostgresTarget
from kpi_pipeline.publish.contract import TABLES, table_named
from kpi_pipeline.publish.postgres.connection import (
    DEPENDED_ON,
    LOCKED,
    NOT_ALLOWED,
    PostgresProblem,
    Session,
    connected,
)
from kpi_pipeline.publish.postgres.ddl import quoted
from kpi_pipeline.publish.postgres.notes import NOTES, Notes, content_of, read_notes, write_notes
from kpi_pipeline.publish.postgres.structure import Structure, grant_reading, there_are
from kpi_pipeline.publish.table import Table
from kpi_pipeline.publish.view import View

TRIES = 3
"""How often a publication is tried that was disturbed: by a server that stopped, or by another session."""

OTHERS = 60
"""Seconds to wait for somebody else who publishes to the schema."""


class PartChange(Protocol):
    """What changed in a table of values: the rows that are new, and the parts (name, month) that make way for them."""

    @property
    def key(self) -> str:
        """The column that names whose values they are."""

    @property
    def rows(self) -> pl.DataFrame:
        """The rows of parts that are new or different."""

    @property
    def gone(self) -> pl.DataFrame:
        """The parts that are taken out."""


@dataclass(frozen=True)
class ToPublish:
    """Everything readers get from a run; the larger tables are handed out some rows at a time."""

    project: str
    run_id: str
    tables: Mapping[str, pl.DataFrame]
    heights: Mapping[str, int]
    """How many rows each of the larger tables has."""
    rows_of: Callable[[str], Iterator[pl.DataFrame]]
    views: tuple[View, ...]
    since: str | None = None
    """The run whose readers miss no more than the changes; None where everything may be new."""
    changes: Mapping[str, PartChange] = field(default_factory=dict)


def publish_to_postgres(target: PostgresTarget, what: ToPublish, *, patience: float = 30) -> tuple[str, ...]:
    """Makes the tables those of the run, all of it or nothing, and names the tables it had to write.

    Args:
        target: the server and schema.
        what: the tables and views.
        patience: seconds to wait for readers that hold a view or table whose columns change.

    Raises:
        StorageError: nothing was changed; readers see what they saw.
    """
    for number in range(1, TRIES + 1):
        try:
            with connected(target) as session:
                written = _publish(session, target, what, patience)
                session.commit()
                return written
        except PostgresProblem as problem:
            if number == TRIES or not problem.may_pass or problem.code == LOCKED:
                raise StorageError(_said(target, problem)) from None
    raise AssertionError("every try returns or raises")


def published_run(target: PostgresTarget) -> str | None:
    """The run whose tables are there; None where none are, or the server is not to be reached."""
    try:
        with connected(target) as session:
            if "snapshot" not in there_are(session, target.schema_):
                return None
            found = session.rows(f"SELECT run_id FROM {quoted(target.schema_, 'snapshot')}")
    except PostgresProblem:
        return None
    return str(found[0][0]) if len(found) == 1 else None


def _publish(session: Session, target: PostgresTarget, what: ToPublish, patience: float) -> tuple[str, ...]:
    schema = target.schema_
    _begin(session, schema)
    notes = read_notes(session, schema)
    _refuse_what_is_not_ours(session, target, what, notes)
    structure = Structure.of(session, schema, what.views, notes)
    structure.create_tables(session)
    contents = {name: content_of(frame) for name, frame in what.tables.items()}
    now = Notes(what.project, target.reader_role, structure.made_by, contents, what.run_id)
    write_notes(session, schema, now)
    unchanged = {name for name, content in contents.items() if notes.contents.get(name) == content}
    written = [
        table.name
        for table in TABLES
        if table.name not in structure.altered
        and (table.name not in unchanged or table.name in structure.created)
        and _fill(session, schema, table, what, notes, structure)
    ]
    # NOTE: from here on readers of what changes wait until the end, so it comes last.
    structure.change(session, patience)
    for name in structure.altered:
        _write_all(session, schema, table_named(name), what)
        written.append(name)
    if now.readable != notes.readable:
        grant_reading(session, schema, target.reader_role, before=notes.reader_role, structure=structure)
    return tuple(written)


def _begin(session: Session, schema: str) -> None:
    """One publication at a time, into a schema that is there."""
    ((encoding,),) = session.rows("SELECT current_setting('server_encoding')")
    if encoding != "UTF8":
        raise PostgresProblem(f"the database keeps texts as {encoding}, not as UTF8", NOT_ALLOWED)
    session.run(f"SET LOCAL lock_timeout = '{OTHERS}s'")
    session.rows("SELECT pg_advisory_xact_lock(hashtext('kpi_pipeline'), hashtext($1))", [schema])
    if not session.rows("SELECT 1 FROM pg_namespace WHERE nspname = $1", [schema]):
        session.run(f"CREATE SCHEMA {quoted(schema)}")
    session.run(f"SET LOCAL search_path TO {quoted(schema)}")


def _refuse_what_is_not_ours(session: Session, target: PostgresTarget, what: ToPublish, notes: Notes) -> None:
    """Nothing is taken for ours that somebody else made."""
    other = f'Hint: give the tables a schema of their own: postgres: {{url: "${{...}}", schema: {what.project}_kpi}}.'
    if notes.project not in (None, what.project):
        raise StorageError(
            f"The schema {target.schema_} ({target.place}) holds the KPIs of the project '{notes.project}', not of "
            f"'{what.project}'.\n{other}"
        )
    wanted = {NOTES, *(table.name for table in TABLES), *Structure.view_names(what.views)}
    strange = sorted(wanted & there_are(session, target.schema_) - notes.names)
    if strange:
        raise StorageError(
            f"The schema {target.schema_} ({target.place}) has {listed(strange)}, which kpi_pipeline did not make.\n"
            f"{other}"
        )


def _fill(
    session: Session,
    schema: str,
    table: Table,
    what: ToPublish,
    notes: Notes,
    structure: Structure,
) -> bool:
    """Gives a table its rows, and says whether anything had to be written."""
    name = table.name
    if name in what.changes and name not in structure.created and what.since and notes.values == what.since:
        change = what.changes[name]
        _apply(session, schema, table, change)
        if _count(session, schema, name) == what.heights[name]:
            return bool(change.rows.height or change.gone.height)
    _write_all(session, schema, table, what)
    return True


def _apply(session: Session, schema: str, table: Table, change: PartChange) -> None:
    """Changes the parts that are to be changed."""
    if change.gone.height:
        session.run("CREATE TEMPORARY TABLE gone (name text NOT NULL, month date NOT NULL) ON COMMIT DROP")
        session.copy(change.gone.select("name", "month"), TableRef("pg_temp", "gone"))
        session.run(
            f"DELETE FROM {quoted(schema, table.name)} AS there USING gone "
            f"WHERE there.{quoted(change.key)} = gone.name "
            "AND there.period_start >= gone.month AND there.period_start < gone.month + interval '1 month'"
        )
        session.run("DROP TABLE pg_temp.gone")
    session.copy(change.rows, TableRef(schema, table.name))


def _write_all(session: Session, schema: str, table: Table, what: ToPublish) -> None:
    """Replaces all rows of a table."""
    name = table.name
    session.run(f"DELETE FROM {quoted(schema, name)}")
    frames = iter([what.tables[name]]) if name in what.tables else what.rows_of(name)
    height = 0
    for frame in frames:
        session.copy(frame, TableRef(schema, name))
        height += frame.height
    if (found := _count(session, schema, name)) != height:
        raise PostgresProblem(f"the table {name} has {found:,} rows, {height:,} were sent", NOT_ALLOWED)
    session.run(f"ANALYZE {quoted(schema, name)}")


def _count(session: Session, schema: str, name: str) -> int:
    return int(session.rows(f"SELECT count(*) FROM {quoted(schema, name)}")[0][0])


def _said(target: PostgresTarget, problem: PostgresProblem) -> str:
    hints = {
        LOCKED: "somebody keeps a transaction open that read a view or table which changes now; end it, then `kpi run`",
        DEPENDED_ON: "a view of somebody else stands on what changes; drop it, `kpi run`, and make it again",
        NOT_ALLOWED: "see docs/how-to/bi-tools.md for what the user and the database need",
    }
    hint = hints.get(
        problem.code, "is the server there, and does the address let you in? The next `kpi run` tries again"
    )
    return (
        f"The tables could not be published to PostgreSQL ({target.place}): {problem}.\n"
        f"What its readers see is untouched; the other places have the new tables.\nHint: {hint}."
    )
