"""What stands in the schema and what should: tables, views and the function, changed while others read."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from kpi_pipeline.errors import StorageError
from kpi_pipeline.publish.contract import TABLES, table_named
from kpi_pipeline.publish.postgres.connection import LOCKED, PostgresProblem, Session, at_once, literal
from kpi_pipeline.publish.postgres.ddl import (
    AS_OF,
    TYPES,
    as_of_texts,
    column_text,
    comment_texts,
    fitting,
    is_too_wide,
    key_texts,
    made_by,
    quoted,
    table_texts,
    view_texts,
)
from kpi_pipeline.publish.postgres.notes import Notes
from kpi_pipeline.publish.table import Table
from kpi_pipeline.publish.view import View

LOCK_TIMEOUT = "50ms"
"""How long a change waits for a reader that holds a view; whoever comes after waits behind it for as long."""
OTHER_COLUMNS = "invalid_table_definition"
"""What PostgreSQL says of a view whose new columns are not those it had and more."""
BETWEEN = 0.2
"""Seconds until it is tried again."""

Columns = Mapping[str, tuple[str, bool]]
"""The columns of a table: type, and whether a value may be missing."""


@dataclass(frozen=True)
class Structure:
    """What is to be made, changed and dropped in the schema."""

    schema: str
    made_by: Mapping[str, str]
    """How each table, view and function is made, by name."""
    created: frozenset[str]
    """The tables that are new."""
    altered: tuple[str, ...]
    """The tables whose columns are no longer those of the contract."""
    commented: tuple[str, ...]
    """The tables of which only the words changed."""
    views: tuple[View, ...]
    """The views that are new or made otherwise."""
    dropped: tuple[str, ...]
    """The views of which there is no definition any more, and those in the way of a table that changes."""
    function: bool
    """Whether the function is new or made otherwise."""

    @classmethod
    def view_names(cls, views: Iterable[View]) -> frozenset[str]:
        """What the views are called."""
        return frozenset(fitting(view.name) for view in views if not is_too_wide(view))

    @classmethod
    def of(cls, session: Session, schema: str, views: tuple[View, ...], notes: Notes) -> Structure:
        """What has to be done, given what stands there."""
        fit = {fitting(view.name): view for view in views if not is_too_wide(view)}
        makes = made_by(
            {
                **{table.name: table_texts(table) for table in TABLES},
                **{name: view_texts(view) for name, view in fit.items()},
                f"{AS_OF}()": as_of_texts(schema),
            }
        )
        there = there_are(session, schema)
        standing = [table for table in TABLES if table.name in there]
        columns, keys = _columns(session, schema), _keys(session, schema)
        altered = tuple(
            table.name
            for table in standing
            if columns.get(table.name) != _promised(table) or keys.get(table.name, set()) != set(table.key)
        )
        same = {name for name, making in makes.items() if notes.made_by.get(name) == making}
        tables = {table.name for table in TABLES}
        ours = {name for name in notes.made_by if name in there and name not in tables}
        # NOTE: a view stands in the way of dropping a column that it reads; all are made anew then.
        kept = set() if altered else same & there
        return cls(
            schema,
            makes,
            frozenset(tables - there),
            altered,
            tuple(table.name for table in standing if table.name not in {*same, *altered}),
            tuple(view for name, view in fit.items() if name not in kept),
            tuple(sorted(ours if altered else ours - fit.keys())),
            f"{AS_OF}()" not in same or bool(altered),
        )

    def create_tables(self, session: Session) -> None:
        """Makes the tables that are not there yet, and says in new words what the others are."""
        session.run_all([text for name in sorted(self.created) for text in table_texts(table_named(name))])
        session.run_all([text for name in self.commented for text in comment_texts(table_named(name))])

    def change(self, session: Session, patience: float) -> None:
        """Makes, changes and drops what needs a moment without readers: views, and tables with other columns."""
        if not (self.altered or self.views or self.dropped or self.function):
            return

        def work() -> None:
            for name in self.dropped:
                session.run(f"DROP VIEW {quoted(self.schema, name)}")
            for name in self.altered:
                _alter(session, self.schema, table_named(name))
            there = there_are(session, self.schema)
            session.run_all(
                [text for view in self.views if fitting(view.name) not in there for text in view_texts(view)]
            )
            session.run_all(
                [text for view in self.views if fitting(view.name) in there for text in _replacing(self.schema, view)]
            )
            if self.function:
                before = f"DROP FUNCTION IF EXISTS {quoted(self.schema, AS_OF)}(timestamp with time zone)"
                session.run_all([before, *as_of_texts(self.schema)])

        _without_readers(session, work, patience)


def there_are(session: Session, schema: str) -> frozenset[str]:
    """The tables and views in a schema."""
    found = session.rows(
        "SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace "
        "WHERE nspname = $1 AND relkind IN ('r', 'v', 'm', 'p', 'f')",
        [schema],
    )
    return frozenset(str(name) for (name,) in found)


def grant_reading(session: Session, schema: str, role: str | None, *, before: str | None, structure: Structure) -> None:
    """Lets the role read all that is published; one that did before no longer may."""
    if before and before != role and _is_role(session, before):
        session.run(f"REVOKE ALL ON ALL TABLES IN SCHEMA {quoted(schema)} FROM {quoted(before)}")
        session.run(f"REVOKE ALL ON SCHEMA {quoted(schema)} FROM {quoted(before)}")
    if role is None:
        return
    if not _is_role(session, role):
        raise StorageError(
            f"The role '{role}' that is to read the tables (publish.postgres.reader_role) is not there.\n"
            f"Hint: CREATE ROLE {quoted(role)} NOLOGIN; and grant it to whom you let read."
        )
    readable = ", ".join(quoted(schema, name) for name in structure.made_by if not name.endswith("()"))
    session.run(f"GRANT USAGE ON SCHEMA {quoted(schema)} TO {quoted(role)}")
    session.run(f"GRANT SELECT ON {readable} TO {quoted(role)}")


def _is_role(session: Session, role: str) -> bool:
    return bool(session.rows("SELECT 1 FROM pg_roles WHERE rolname = $1", [role]))


def _columns(session: Session, schema: str) -> Mapping[str, Columns]:
    """The columns of each table, asked for at once: the server may be far away."""
    tables: dict[str, dict[str, tuple[str, bool]]] = defaultdict(dict)
    for table, name, kind, always in session.rows(
        "SELECT relname, attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute "
        "JOIN pg_class ON pg_class.oid = attrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace "
        "WHERE nspname = $1 AND relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped",
        [schema],
    ):
        tables[str(table)][str(name)] = (str(kind), not always)
    return tables


def _keys(session: Session, schema: str) -> Mapping[str, set[str]]:
    """The columns of each table's key."""
    tables: dict[str, set[str]] = defaultdict(set)
    for table, name in session.rows(
        "SELECT relname, attname FROM pg_index JOIN pg_class ON pg_class.oid = indrelid "
        "JOIN pg_namespace ON pg_namespace.oid = relnamespace "
        "JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey) "
        "WHERE nspname = $1 AND indexrelid::regclass::text ~ (relname || '_(pkey|key)\"?$')",
        [schema],
    ):
        tables[str(table)].add(str(name))
    return tables


def _promised(table: Table) -> Columns:
    return {column.name: (TYPES[column.type], column.nullable) for column in table.columns}


def _alter(session: Session, schema: str, table: Table) -> None:
    """Gives a table the columns of the contract, without rows: they are all written anew."""
    name = quoted(schema, table.name)
    there, wanted = _columns(session, schema).get(table.name, {}), _promised(table)
    session.run(f"LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE")
    session.run(f"DELETE FROM {name}")
    session.run(f"ALTER TABLE {name} DROP CONSTRAINT IF EXISTS {quoted(f'{table.name}_pkey')}")
    session.run(f"DROP INDEX IF EXISTS {quoted(schema, f'{table.name}_key')}")
    for old, (kind, _) in there.items():
        if old not in wanted or kind != wanted[old][0]:
            session.run(f"ALTER TABLE {name} DROP COLUMN {quoted(old)}")
    for column in table.columns:
        if column.name not in there or there[column.name][0] != TYPES[column.type]:
            session.run(f"ALTER TABLE {name} ADD COLUMN {column_text(column)}")
        elif there[column.name][1] != column.nullable:
            change = "DROP" if column.nullable else "SET"
            session.run(f"ALTER TABLE {name} ALTER COLUMN {quoted(column.name)} {change} NOT NULL")
    session.run_all([*key_texts(table), *comment_texts(table)])


def _replacing(schema: str, view: View) -> tuple[str, ...]:
    """What makes a view anew; one that has only more columns than before stays, and with it what others built on it."""
    name = quoted(schema, fitting(view.name))
    again, *comments = view_texts(view, replace=True)
    anew = at_once([f"DROP VIEW {name}", view_texts(view)[0]])
    # NOTE: in one message with all others, for readers of the view wait from its first word to the end.
    return (f"DO {literal(f'BEGIN {at_once([again])} EXCEPTION WHEN {OTHER_COLUMNS} THEN {anew} END')}", *comments)


def _without_readers(session: Session, work: Callable[[], None], patience: float) -> None:
    """Does what readers are in the way of, again and again until none is; nobody waits long for it.

    Raises:
        PostgresProblem: somebody read on for all the time.
    """
    until = time.monotonic() + patience
    while True:
        session.run("SAVEPOINT without_readers")
        session.run(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        try:
            work()
        except PostgresProblem as problem:
            if problem.code != LOCKED or time.monotonic() > until:
                raise
            session.run("ROLLBACK TO SAVEPOINT without_readers")
            time.sleep(BETWEEN)
        else:
            return
