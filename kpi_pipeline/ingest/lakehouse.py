"""A source in a lakehouse: what changed there since the last look, and on which days; no row of it is copied.

What the last look found is remembered file by file: how many rows, and of which days. So a run asks the cluster only
about files that are new, and knows which days to reduce again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from sqlglot import expressions as exp

from kpi_pipeline.errors import DataError, counted
from kpi_pipeline.ingest import ledger
from kpi_pipeline.ingest.loading import Loading
from kpi_pipeline.ingest.reach import business_day, complete_before
from kpi_pipeline.ingest.staged import DayChange, SourceState, Staged
from kpi_pipeline.ingest.tables import full_name, full_names
from kpi_pipeline.plan import fingerprint


class FileThere(NamedTuple):
    """A file by the name it is read by, and what tells two versions of it apart."""

    full: str
    mark: str


class Reached(NamedTuple):
    """How many rows a file has, how many of them have a day, and the first and last of these days.

    `file` is None where the cluster does not tell files apart: then it is about all that was asked for.
    """

    file: str | None
    rows: int
    dated: int
    first: date | None
    last: date | None


@dataclass(frozen=True)
class Looked:
    """What a source is made of now: its files; or, where they are not known, a text that changes with its rows."""

    files: Mapping[str, FileThere] | None
    text: str = ""

    @property
    def version(self) -> str | None:
        """A name for exactly these rows; None where nothing says whether they changed."""
        if self.files is not None:
            return fingerprint([(name, one.mark) for name, one in sorted(self.files.items())])
        return fingerprint(self.text) if self.text else None


class There(Protocol):
    """A source whose rows are in a lakehouse, as the cluster that reads it knows it."""

    def look(self) -> Looked:
        """What it is made of now."""
        ...

    def columns(self) -> dict[str, str]:
        """Names and DuckDB's names of the types of its columns."""
        ...

    def reach(self, day: exp.Expr | None, files: Mapping[str, FileThere] | None) -> list[Reached]:
        """How many rows there are, and of which days; `files` narrows it to these, and nothing comes if it cannot."""
        ...

    def newest(self, day: exp.Expr, today: date) -> date | None:
        """The newest day that is not in the future."""
        ...


class _File(NamedTuple):
    """What is remembered of a file: its version, how many rows it has, and the days that they may be of."""

    mark: str
    rows: int
    first: date | None
    last: date | None
    is_dated: bool
    """Whether every row has a day, so that the days are all there are."""
    alone: bool = True
    """Whether this is about the file alone, and not about all files that came with it."""


def stage_there(load: Loading, there: There) -> Staged:
    """Looks at a source in a lakehouse; nothing of it is loaded.

    Raises:
        DataError: it has no rows any more, and its definition does not say that this may be.
    """
    looked = there.look()
    version = fingerprint(load.definition, looked.version or load.run_id)
    if load.state is not None and not load.afresh and load.state.version == version:
        return Staged(load.source.name, False, load.state, columns=load.in_use)
    columns = there.columns()
    if not columns:
        raise DataError(
            f"Source '{load.source.name}': there is nothing at {load.source.connector.where}.\n"
            "Hint: is that what the cluster calls it? A path is the cluster's; what is there are Parquet files, or a "
            "table of the `format` that is named."
        )
    day = business_day(load, full_name(columns.get(load.source.load.cursor or "", "")))
    known = {} if load.afresh or looked.files is None else _remembered(load)
    files = _files(there, day, looked, known)
    rows = sum(one.rows for one in files.values())
    _refuse_emptied(load, rows)
    newest = _newest(load, there, day, files.values())
    state = SourceState(
        *(load.source.name, version, rows, complete_before(load.source, load.project.settings, newest), newest),
        *(load.definition, load.now, load.run_id),
    )
    came = [files[name] for name in files if known.get(name) != files[name]]
    gone = [one for name, one in known.items() if files.get(name) != one]
    follows = bool(known) and full_names(load.in_use) == full_names(columns)
    return Staged(
        *(load.source.name, True, state),
        rows_read=sum(one.rows for one in came),
        rows_loaded=sum(one.rows for one in came),
        touched=_touched([*came, *gone]) if follows else None,
        columns=columns,
        notes=tuple(_notes(load, looked, rows, columns)),
        day=day,
        changes=_changes(came, gone, files, known) if load.state is not None else (),
        remembered=_to_remember(files),
        stays_there=True,
    )


def _files(there: There, day: exp.Expr | None, looked: Looked, known: Mapping[str, _File]) -> dict[str, _File]:
    """What is known of each file: of those that were there from before, of the others by asking."""
    if looked.files is None:
        return {"": _joint("", there.reach(day, None))}
    new = {name: one for name, one in looked.files.items() if name not in known or known[name].mark != one.mark}
    files = {name: known[name] for name in looked.files if name not in new}
    if not all(one.alone for name, one in known.items() if name not in files):
        return _files(there, day, looked, {})  # what the others hold without those that went is not known
    if not new:
        return files
    found = there.reach(day, new if known else None)
    if known and not found:
        return _files(there, day, looked, {})  # files cannot be asked about alone, or those that came are empty
    told = {one.file: one for one in found}
    if None in told:
        # NOTE: of files that cannot be told apart each may hold all of the days; the rows are counted once.
        joint = _joint("", found)
        for place, (name, one) in enumerate(sorted(new.items())):
            files[name] = joint._replace(mark=one.mark, rows=0 if place else joint.rows, alone=len(new) == 1)
        return files
    return files | {name: _file(one.mark, told.get(name)) for name, one in new.items()}


def _file(mark: str, reached: Reached | None) -> _File:
    if reached is None:
        return _File(mark, 0, None, None, is_dated=True)
    return _File(mark, reached.rows, reached.first, reached.last, is_dated=reached.rows == reached.dated)


def _joint(mark: str, reached: Sequence[Reached]) -> _File:
    """All that was asked for as if it were one file."""
    first = min((one.first for one in reached if one.first), default=None)
    last = max((one.last for one in reached if one.last), default=None)
    rows = sum(one.rows for one in reached)
    return _File(mark, rows, first, last, is_dated=rows == sum(one.dated for one in reached))


def _newest(load: Loading, there: There, day: exp.Expr | None, files: Iterable[_File]) -> date | None:
    """The newest day that is not in the future: a date mistyped as 2099 must not make every day look complete."""
    last = max((one.last for one in files if one.last), default=None)
    today = load.now.astimezone(ZoneInfo(load.project.settings.timezone)).date()
    if day is None or last is None or last <= today:
        return last
    return there.newest(day, today)


def _touched(files: Sequence[_File]) -> tuple[date, date] | None:
    """First and last day of the rows that came or went; None where any day may be."""
    if not files or not all(one.is_dated for one in files):
        return None
    days = [day for one in files for day in (one.first, one.last) if day]
    return (min(days), max(days)) if days else None


def _changes(
    came: Sequence[_File], gone: Sequence[_File], files: Mapping[str, _File], known: Mapping[str, _File]
) -> tuple[DayChange, ...]:
    """How many rows came and went, by day where a file has only one; the others may be of any day.

    Where files that went cannot be told from others, all rows count as gone and come anew.
    """
    if not all(one.alone for one in gone):
        return (DayChange(None, *(sum(one.rows for one in all_of.values()) for all_of in (files, known))),)
    gained: Counter[date | None] = Counter()
    lost: Counter[date | None] = Counter()
    for some, counts in ((came, gained), (gone, lost)):
        for one in some:
            counts[one.first if one.is_dated and one.first == one.last else None] += one.rows
    days = sorted({*gained, *lost}, key=lambda day: (day is not None, day or date.min))
    return tuple(DayChange(day, gained[day], lost[day]) for day in days if gained[day] or lost[day])


def _refuse_emptied(load: Loading, rows: int) -> None:
    before = load.state.rows if load.state else 0
    if rows or not before or load.source.load.allow_empty:
        return
    raise DataError(
        f"Source '{load.source.name}' has no rows any more at {load.source.connector.where}; it had "
        f"{counted(before, 'row')}.\n"
        "Hint: nothing was computed. Where no rows at all can be right, write `allow_empty: true` under `load`."
    )


def _notes(load: Loading, looked: Looked, rows: int, columns: Mapping[str, str]) -> Iterator[str]:
    if looked.version is None:
        yield "nothing tells whether its rows changed, so every run reduces all of them"
    elif looked.files is None:
        yield "it is known by its log, which does not say which days changed, so any change has all days reduced again"
    if rows == 0:
        yield "the table has no rows"
    cursor = load.source.load.cursor
    if cursor is not None and cursor not in columns:
        yield f"there is no column '{cursor}', so no day is known to be complete"


def _remembered(load: Loading) -> dict[str, _File]:
    text = ledger.remembered(load.executor, load.source.name)
    if not text:
        return {}
    return {
        name: _File(mark, rows, _day(first), _day(last), is_dated=dated, alone=alone)
        for name, (mark, rows, first, last, dated, alone) in json.loads(text).items()
    }


def _to_remember(files: Mapping[str, _File]) -> str:
    return json.dumps(
        {
            name: (one.mark, one.rows, _text(one.first), _text(one.last), one.is_dated, one.alone)
            for name, one in sorted(files.items())
        }
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None
