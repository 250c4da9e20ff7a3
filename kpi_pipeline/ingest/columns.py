"""The columns of a source's new table: those of its files and of the rows that stay, where they may meet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from sqlglot import expressions as exp

from kpi_pipeline.ingest import contract, evolve
from kpi_pipeline.ingest.evolve import FileColumns
from kpi_pipeline.ingest.files import Survey
from kpi_pipeline.ingest.loading import Loading
from kpi_pipeline.ingest.ready import Ready
from kpi_pipeline.ingest.staged import WITHOUT_VALUES, SourceFile
from kpi_pipeline.sources import ColumnType, FileConnector
from kpi_pipeline.sql_parts import sql_table

LONGEST_SHOWN = 60
"""Characters of a value in a message."""


def check_columns(load: Loading, ready: Sequence[Ready]) -> None:
    """Refuses files that lost columns, or bring new ones where columns are frozen."""
    files = _file_columns(load, ready)
    if load.in_use:
        evolve.check_lost(load.source, files, load.in_use)
    if load.source.on_schema_change == "freeze" and files:
        evolve.check_frozen(load.source, files, load.in_use)


def must_read_again(load: Loading, ready: Sequence[Ready], work: Survey) -> bool:
    """Whether files that did not change must be read, too, because a column turns into text, or back again.

    What was a number cannot be made what was written: `1.50` is 1.5 in the raw table.
    """
    if load.afresh or load.merges or not work.kept:
        return False
    new = evolve.united(_file_columns(load, ready), load.source.load.cursor)
    went = [*(load.known[one.name] for one in ready if one.name in load.known), *work.dropped]
    for name, kind in load.in_use.items():
        _, brought, declared = new.get(name.lower(), (name, None, False))
        if declared or name in load.source.columns:
            continue
        if kind == "VARCHAR" and brought != "VARCHAR":
            kinds = _types(work.kept, name) | ({brought} if brought else set())
            if kinds and _types(went, name) and _in_common(kinds) not in (None, "VARCHAR"):
                return True
        elif brought and evolve.common_type(kind, brought) is None:
            return name != load.source.load.cursor
    return False


def columns_of(load: Loading, ready: Sequence[Ready], *, keeps_rows: bool) -> dict[str, str]:
    """The columns of the new table, after asking whether the old and the new may meet."""
    new = evolve.united(_file_columns(load, ready), load.source.load.cursor)
    old = load.in_use if keeps_rows or not load.full else {}
    result: dict[str, str] = {}
    for name, kind in old.items():
        if name.lower() in new:
            result[name] = _met(load, ready, name, kind, new[name.lower()], keeps_rows=keeps_rows)
        elif keeps_rows:
            result[name] = kind
    known_names = {name.lower() for name in old}
    return result | {name: kind or "VARCHAR" for key, (name, kind, _) in new.items() if key not in known_names}


def _file_columns(load: Loading, ready: Sequence[Ready]) -> list[FileColumns]:
    known = load.known
    return [
        FileColumns(
            file=one.name,
            columns=one.columns,
            before=known[one.name].columns if one.name in known else None,
            first_other=partial(_first_other, load, one),
        )
        for one in ready
    ]


def _first_other(load: Loading, ready: Ready, name: str, kind: str) -> str | None:
    """The first value of a column of text that is not what `columns` call a type, and its line."""
    landed = ready.landed
    column = next(one for one in landed.columns if one.name.lower() == name.lower())
    if column.type not in (None, "VARCHAR"):
        return None
    wanted = {column.name: ColumnType.model_validate({"type": kind})}
    fitted = contract.fit(load.source.model_copy(update={"columns": wanted}), column, None, zone=load.zone)
    number = exp.cast(landed.number.copy(), "BIGINT")
    misfits = exp.select(number, fitted.shown).from_(landed.relation).where(fitted.misfit)
    found = load.executor.rows(misfits.order_by(number.copy()).limit(1))
    if not found or found[0][0] is None:
        return None
    at, value = found[0]
    line = landed.picked([at])[0][1] if landed.picked else at + 1
    place = "line" if isinstance(load.source.connector, FileConnector) else "row"
    return f"'{str(value)[:LONGEST_SHOWN]}' in {place} {line}"


def _types(files: Iterable[SourceFile], column: str) -> set[str]:
    return {file.columns[column] for file in files if column in file.columns} - {WITHOUT_VALUES}


def _in_common(kinds: set[str]) -> str | None:
    first, *others = sorted(kinds)
    both: str | None = first
    for other in others:
        both = evolve.common_type(both, other) if both else None
    return both


def _met(
    load: Loading,
    ready: Sequence[Ready],
    name: str,
    kind: str,
    new: tuple[str, str | None, bool],
    *,
    keeps_rows: bool,
) -> str:
    """The type of a column that was there before: what the contract says, or what holds both old and new values."""
    _, brought, declared = new
    if brought is None:
        return kind
    if name in load.source.columns or (load.full and not keeps_rows):
        return brought
    if both := evolve.joined_type(kind, brought, may_narrow=keeps_rows or not declared):
        return both
    if not _has_values(load, name):
        return brought
    # NOTE: where every file came anew, nobody says that it was ever meant to be text: the export changed.
    anew = load.merges or not keeps_rows or name == load.source.load.cursor
    if declared or (kind != "VARCHAR" and anew):
        raise evolve.changed_type(load.source, name, kind, brought, _file_with(load, ready, name, brought))
    return "VARCHAR" if keeps_rows else brought


def _has_values(load: Loading, column: str) -> bool:
    query = exp.select(exp.Count(this=exp.column(column, quoted=True))).from_(sql_table(load.raw))
    return bool(load.executor.rows(query)[0][0])


def _file_with(load: Loading, ready: Sequence[Ready], name: str, kind: str) -> FileColumns:
    files = _file_columns(load, ready)
    for one in files:
        if any(column.name.lower() == name.lower() and column.type == kind for column in one.columns):
            return one
    return files[0]
