"""Staging: what changes of a source, beside what is in use, complete and counted, before anybody relies on it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlglot import expressions as exp

from kpi_pipeline.errors import DataError, counted
from kpi_pipeline.ingest import ledger
from kpi_pipeline.ingest.columns import check_columns, columns_of, must_read_again
from kpi_pipeline.ingest.files import Survey, find_files, survey
from kpi_pipeline.ingest.loading import Loading
from kpi_pipeline.ingest.notes import notes_of
from kpi_pipeline.ingest.quarantine import QUARANTINE
from kpi_pipeline.ingest.reach import business_day, complete_before, days_touched, reach_of
from kpi_pipeline.ingest.ready import Ready, make_ready
from kpi_pipeline.ingest.replaced import Everything, Replaced, RowsOfFiles, RowsOfKeys, going
from kpi_pipeline.ingest.rows import keep_rows, merge_rows, stage_file
from kpi_pipeline.ingest.staged import LINEAGE, SourceFile, SourceState, Staged
from kpi_pipeline.ingest.tables import create, create_view, drop, full_name, row_count
from kpi_pipeline.names import TableRef
from kpi_pipeline.plan import Executor, fingerprint
from kpi_pipeline.project import Project
from kpi_pipeline.sources import Source
from kpi_pipeline.sql_parts import sql_table

FEW_ROWS = 20
MISFITS_AT_MOST = 0.5
"""The share of a file's rows that may go to quarantine, unless the file has but a few."""


def stage(
    project: Project,
    source: Source,
    executor: Executor,
    *,
    run_id: str,
    now: datetime,
    full: bool = False,
) -> Staged:
    """Reads the files of a source that are new or changed, and stages what the raw table becomes by them.

    Only rows that came are written, unless the columns change: then the rows that stay are written anew, too. Nothing
    that is in use changes: `accept` does that, in one transaction, once the staged rows were checked. `full`
    reads every file again and takes its columns as they are now.

    Args:
        project: Whose root the source's path is relative to, and whose zone says what a business day is.
        source: What is loaded.
        executor: Where to.
        run_id: Goes into the lineage of every row.
        now: The moment of the run; rows dated after it do not count as the newest.
        full: Reads files again that did not change, and asks no questions about columns that did.
    """
    load = Loading(
        *(project, source, executor, run_id, now, full),
        known=ledger.files_of(executor, source.name),
        state=ledger.source_states(executor).get(source.name),
        in_use=_own(executor.table_columns(TableRef("raw", source.name))),
    )
    found = find_files(project, source)
    work = survey(source, found, load.known, afresh=load.afresh)
    if load.state is not None and not load.afresh and not work.changed:
        if work.modified_ns:
            with executor.transaction():
                ledger.note_modified(executor, source.name, dict(work.modified_ns))
        return Staged(*(source.name, False, load.state), columns=load.in_use, notes=work.notes)
    with tempfile.TemporaryDirectory(prefix="kpi_ingest_") as folder:
        ready = _made_ready(load, work, Path(folder))
        if not load.full:
            check_columns(load, ready)
        if must_read_again(load, ready, work):
            _drop_scaffolds(load, ready)
            load = replace(load, full=True)
            work = survey(source, found, load.known, afresh=True)
            ready = _made_ready(load, work, Path(folder))
        return _staged(load, work, ready)


def _made_ready(load: Loading, work: Survey, folder: Path) -> list[Ready]:
    return [make_ready(load, file, place=place, folder=folder) for place, file in enumerate(work.read)]


def _drop_scaffolds(load: Loading, ready: Sequence[Ready]) -> None:
    """Drops the tables that files were landed in, and that of the rows to be merged."""
    for scaffold in [*(one for file in ready for one in file.landed.tables), load.batch]:
        drop(load.executor, scaffold)


def _staged(load: Loading, work: Survey, ready: Sequence[Ready]) -> Staged:
    state = SourceState(load.source.name, "", 0, None, None, load.definition, load.now, load.run_id)
    result = Staged(load.source.name, True, state)
    keeps_rows = bool(load.in_use) and (load.merges or bool(work.kept))
    columns = columns_of(load, ready, keeps_rows=keeps_rows)
    result = replace(result, columns=columns, replaces=_replaced(load, work, columns))
    create(load.executor, result.quarantine, QUARANTINE)
    target = load.batch if load.merges else result.rows
    create(load.executor, target, columns | LINEAGE)
    if keeps_rows and not load.merges and isinstance(result.replaces, Everything):
        keep_rows(load, target, columns, [file.file for file in work.kept])
    files = [stage_file(load, one, target, result.quarantine, columns) for one in ready]
    for file in files:
        _refuse_mostly_misfits(load, result, file)
    if load.merges:
        merge_rows(load, result, columns)
    create_view(load.executor, result.table, _as_accepted(load, result))
    result = replace(
        result,
        rows_read=sum(file.rows + file.quarantined for file in files),
        rows_loaded=sum(file.rows for file in files),
        rows_quarantined=sum(file.quarantined for file in files),
        files_read=tuple(file.file for file in files),
        files=tuple(sorted([*work.kept, *files], key=lambda file: file.file)),
    )
    result = _with_reach(load, result)
    _drop_scaffolds(load, ready)
    rows = row_count(load.executor, result.table)
    _refuse_emptied(load, rows)
    notes = (*work.notes, *notes_of(load, result), *result.notes, *(["the table has no rows"] if rows == 0 else []))
    return replace(result, state=replace(result.state, version=_version(load, result, files), rows=rows), notes=notes)


def _refuse_emptied(load: Loading, rows: int) -> None:
    """An export that went wrong is often a header without rows, and every KPI on it would be 0."""
    before = load.state.rows if load.state else 0
    if rows or not before or load.source.load.mode != "full" or load.source.load.allow_empty:
        return
    raise DataError(
        f"The files of source '{load.source.name}' hold no rows that fit; its table has {counted(before, 'row')}.\n"
        "Hint: nothing was loaded. Was the export cut off? Where no rows at all can be right, write "
        "`allow_empty: true` under `load` of the source."
    )


def _refuse_mostly_misfits(load: Loading, staged: Staged, file: SourceFile) -> None:
    """A slip spoils a row; where most rows do not fit, the file is another one or the contract is wrong."""
    read = file.rows + file.quarantined
    if read < FEW_ROWS or file.quarantined <= MISFITS_AT_MOST * read:
        return
    first = exp.select("line", "reason").from_(sql_table(staged.quarantine)).order_by("line").limit(1)
    line, reason = load.executor.rows(first.where(exp.column("_source_file").eq(file.file)))[0]
    raise DataError(
        f"{file.quarantined:,} of {counted(read, 'row')} of {file.file} do not fit what source '{load.source.name}' "
        f"says its columns are. The first, in line {line}: {reason}.\n"
        "Hint: nothing was loaded. Has the file changed, or are `columns` of the source wrong?"
    )


def _with_reach(load: Loading, result: Staged) -> Staged:
    source = load.source
    cursor_type = full_name(result.columns.get(source.load.cursor or "", ""))
    day = business_day(load, cursor_type)
    if day is None:
        odd = source.load.cursor is not None and cursor_type
        note = (f"cursor '{source.load.cursor}' is {cursor_type}, not a time: no day is known to be complete",)
        return replace(result, notes=note) if odd else result
    reach = reach_of(load, sql_table(result.table), day)
    notes: tuple[str, ...] = ()
    if reach.future_rows:
        notes = (f"{reach.future_rows} rows are dated after today, the last on {reach.furthest_day}",)
    limit = complete_before(source, load.project.settings, reach.newest_day)
    pieces = _pieces(load, result)
    return replace(
        result,
        touched=days_touched(load.executor, day, pieces) if pieces else None,
        day=day,
        newest=reach.newest,
        notes=notes,
        state=replace(result.state, complete_before=limit, newest_day=reach.newest_day),
    )


def _replaced(load: Loading, work: Survey, columns: Mapping[str, str]) -> Replaced:
    """Which rows in use go: with other columns all of them, otherwise those of the keys or the files that came."""
    before, now = ({name: full_name(kind) for name, kind in one.items()} for one in (load.in_use, columns))
    if load.afresh or not before or before != now:
        return Everything()
    if load.merges:
        return RowsOfKeys(load.source.load.key)
    return RowsOfFiles(tuple(sorted(load.known.keys() - {file.file for file in work.kept})))


def _as_accepted(load: Loading, result: Staged) -> exp.Query:
    """The raw table as it will be: what stays of it, and the staged rows."""
    rows = exp.select("*").from_(sql_table(result.rows))
    if isinstance(result.replaces, Everything):
        return rows
    stay = exp.select("*").from_(sql_table(load.raw)).where(exp.not_(going(result.replaces, result.rows)))
    return exp.Union(this=stay, expression=rows, distinct=False, by_name=True)


def _pieces(load: Loading, result: Staged) -> list[exp.Select] | None:
    """The rows that went and the rows that came; None where columns changed, too."""
    if isinstance(result.replaces, Everything):
        return None
    came = load.batch if load.merges else result.rows
    old = exp.select().from_(sql_table(load.raw)).where(going(result.replaces, came))
    return [old, exp.select().from_(sql_table(came))]


def _version(load: Loading, result: Staged, read: Sequence[SourceFile]) -> str:
    """A name for exactly these rows: by the files they came from; a merge also depends on what was merged before."""
    if load.merges:
        before = load.state.version if load.state else ""
        return fingerprint(before, load.definition, [(file.file, file.sha256) for file in read])
    return fingerprint(load.definition, [(file.file, file.sha256) for file in result.files])


def _own(columns: Mapping[str, str]) -> dict[str, str]:
    return {name: kind for name, kind in columns.items() if name not in LINEAGE}
