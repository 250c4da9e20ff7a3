"""What is remembered in the schema itself of what was published there, so that only what changed is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from kpi_pipeline.names import TableRef
from kpi_pipeline.plan import fingerprint
from kpi_pipeline.publish.postgres.connection import Session
from kpi_pipeline.publish.postgres.ddl import quoted
from kpi_pipeline.version import VERSION

NOTES = "_publication"
"""A table that is ours alone: readers are not let in."""

SCHEMA = {"kind": pl.String, "name": pl.String, "made_by": pl.String}


@dataclass(frozen=True)
class Notes:
    """Whose the schema is, who may read, how each table and view was made, and what the smaller tables hold."""

    project: str | None = None
    reader_role: str | None = None
    made_by: Mapping[str, str] = field(default_factory=dict)
    contents: Mapping[str, str] = field(default_factory=dict)
    values: str | None = None
    """The run whose values the larger tables hold."""

    @property
    def names(self) -> frozenset[str]:
        """The tables and views that are ours."""
        return frozenset(self.made_by) | ({NOTES} if self.project else frozenset())

    @property
    def readable(self) -> tuple[str | None, Mapping[str, str]]:
        """What decides who has to be let in to what."""
        return self.reader_role, self.made_by


def read_notes(session: Session, schema: str) -> Notes:
    """What is remembered; nothing where the schema is new."""
    if not session.rows("SELECT 1 FROM pg_tables WHERE schemaname = $1 AND tablename = $2", [schema, NOTES]):
        return Notes()
    rows = session.rows(f"SELECT kind, name, made_by FROM {quoted(schema, NOTES)}")
    of: dict[str, dict[str, str]] = {"project": {}, "reader": {}, "made": {}, "content": {}, "values": {}}
    for kind, name, made_by in rows:
        of[kind][name] = made_by
    project, reader = (next(iter(of[kind].values()), None) for kind in ("project", "reader"))
    return Notes(project, reader, of["made"], of["content"], of["values"].get("run"))


def write_notes(session: Session, schema: str, notes: Notes) -> None:
    """Remembers what is now published."""
    table = quoted(schema, NOTES)
    session.run(
        f"CREATE TABLE IF NOT EXISTS {table} (kind text NOT NULL, name text NOT NULL, made_by text NOT NULL, "
        "PRIMARY KEY (kind, name))"
    )
    session.run(f"DELETE FROM {table}")
    rows = [
        ("project", "name", notes.project),
        *([("reader", "role", notes.reader_role)] if notes.reader_role else []),
        *([("values", "run", notes.values)] if notes.values else []),
        *(("made", name, made_by) for name, made_by in notes.made_by.items()),
        *(("content", name, made_by) for name, made_by in notes.contents.items()),
    ]
    session.copy(pl.DataFrame(rows, schema=SCHEMA, orient="row"), TableRef(schema, NOTES))


def content_of(frame: pl.DataFrame) -> str:
    """A short name for exactly these rows, in whatever order; another version of a program gives another one."""
    rows = frame.cast({pl.Categorical: pl.String}).hash_rows(seed=0)
    return fingerprint(
        VERSION, pl.__version__, frame.height, int(rows.sort().hash(seed=1).sum()) if frame.height else 0
    )
