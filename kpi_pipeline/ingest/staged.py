"""What a load found: the rows it staged, and what is remembered of a source's files and of the source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, NamedTuple

from sqlglot import expressions as exp

from kpi_pipeline.ingest.replaced import Everything, Replaced
from kpi_pipeline.names import TableRef

LINEAGE = {"_loaded_at": "TIMESTAMPTZ", "_run_id": "VARCHAR", "_source_file": "VARCHAR"}
"""The columns that every raw table has beside those of its files."""

WITHOUT_VALUES = "without values"
"""Stands for the type of a file's column that holds nothing: it fits any."""


def without_lineage(columns: Mapping[str, str]) -> dict[str, str]:
    """Of the columns of a raw table those that its rows came with."""
    return {name: kind for name, kind in columns.items() if name not in LINEAGE}


@dataclass(frozen=True)
class SourceFile:
    """A file as it was when its rows were loaded."""

    file: str
    size: int
    modified_ns: int
    sha256: str
    rows: int
    quarantined: int
    loaded_at: datetime
    run_id: str
    columns: Mapping[str, str]
    """The file's own columns and their types, so that one it loses is noticed, and one that was text there."""
    tag: str = ""
    """What its store calls this version of it, such as the ETag of a web server."""


@dataclass(frozen=True)
class SourceState:
    """What `raw.<source>` holds: which version of the data, and until when it is complete."""

    source: str
    version: str
    rows: int
    complete_before: date | None
    """The first day that may still change; None where the source has no cursor and so no limit."""
    newest_day: date | None
    fingerprint: str
    """Of the source's definition, as far as it decides what is loaded."""
    loaded_at: datetime
    run_id: str


class DayChange(NamedTuple):
    """How many rows a business day gained and lost; a row that reads differently now counts in both.

    `day` is None for rows without a day, and for sources that have no cursor.
    """

    day: date | None
    gained: int
    lost: int


@dataclass(frozen=True)
class Staged:
    """A source's new state, waiting to be checked and accepted; with `changed` False there is nothing to accept."""

    source: str
    changed: bool
    state: SourceState
    """As it will be once accepted; as it is where nothing changed."""
    rows_read: int = 0
    rows_loaded: int = 0
    """Of the rows read, those that fit. A merge may replace older rows with them, so the table can grow by less."""
    rows_quarantined: int = 0
    set_aside: Mapping[str, int] = field(default_factory=dict)
    """Of the rows quarantined, those that failed a check, by its name."""
    files_read: tuple[str, ...] = ()
    touched: tuple[date, date] | None = None
    """First and last business day of the cursor over the old and new rows of the files read; None: any day may be."""
    newest: datetime | date | None = None
    """The newest value of the cursor that is not in the future."""
    columns: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    files: tuple[SourceFile, ...] = ()
    """All that will be known of the source's files once accepted."""
    replaces: Replaced = field(default_factory=Everything)
    """Which rows in use go as the staged ones come."""
    day: exp.Expr | None = None
    """The business day of a row, over the source's columns; None where no column is its cursor."""
    changes: tuple[DayChange, ...] | None = None
    """What accepting it will change, where the load has looked already; `day_changes` tells it in any case."""
    misfits_going: exp.Expr | None = None
    """True for the misfits of earlier loads that go; where not given, those of the files that came or went."""
    overtaken: exp.Expr | None = None
    """True for misfits of earlier loads that a row which came has taken the place of."""
    how: Literal["load", "replay"] = "load"
    """Whether its rows came from where the source is, or out of quarantine."""
    remembered: str | None = None
    """What the connector wants to be told at the next load."""
    stays_there: bool = False
    """Whether no row was staged, because all of them stay where they are: in a lakehouse."""

    @property
    def table(self) -> TableRef:
        """A view of the raw table as it will be once accepted: the rows that stay and the staged ones."""
        return TableRef("staging", self.source)

    @property
    def rows(self) -> TableRef:
        """The staged rows alone."""
        return TableRef("staging", f"{self.source}__rows")

    @property
    def gone(self) -> TableRef:
        """The keys of rows that go without others in their place; of a merge that deletes."""
        return TableRef("staging", f"{self.source}__gone")

    @property
    def quarantine(self) -> TableRef:
        """The rows of the files read that did not fit."""
        return TableRef("staging", f"{self.source}__quarantine")
