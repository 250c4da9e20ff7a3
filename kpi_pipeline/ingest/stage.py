"""Staging: a source's new state beside the one that is in use, complete and counted, before anybody relies on it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlglot import expressions as exp

from kpi_pipeline.ingest import ledger
from kpi_pipeline.ingest.columns import columns_of
from kpi_pipeline.ingest.files import Survey, find_files, survey
from kpi_pipeline.ingest.quarantine import QUARANTINE
from kpi_pipeline.ingest.reach import business_day, complete_before, days_touched, reach_of
from kpi_pipeline.ingest.ready import Ready, make_ready
from kpi_pipeline.ingest.rows import keep_rows, merge_rows, of_files, stage_file
from kpi_pipeline.ingest.staged import LINEAGE, SourceFile, SourceState, Staged
from kpi_pipeline.ingest.tables import create, drop, row_count, table
from kpi_pipeline.names import TableRef
from kpi_pipeline.plan import Executor, fingerprint
from kpi_pipeline.project import Project
from kpi_pipeline.sources import Source


def stage(
    project: Project,
    source: Source,
    executor: Executor,
    *,
    run_id: str,
    now: datetime,
    full: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Staged:
    """Reads the files of a source that are new or changed, and stages the complete new state of its raw table.

    Nothing that is in use changes: `accept` does that, in one transaction, once the staged rows were checked. `full`
    reads every file again and takes its columns as they are now.

    Args:
        run_id: Goes into the lineage of every row.
        now: The moment of the run; rows dated after it do not count as the newest.
        progress: Told how many files are done, of how many.
    """
    found = find_files(project, source)
    known = ledger.files_of(executor, source.name)
    state = ledger.source_states(executor).get(source.name)
    raw = _own(executor.table_columns(TableRef("raw", source.name)))
    definition = _definition(project, source)
    redefined = state is not None and state.fingerprint != definition
    lost = state is not None and not raw
    work = survey(source, found, known, afresh=full or redefined or lost)
    if state is not None and not lost and not work.changed:
        if work.modified_ns:
            with executor.transaction():
                ledger.note_modified(executor, source.name, dict(work.modified_ns))
        return Staged(source.name, False, state, files_found=len(found), columns=raw, notes=work.notes)
    with tempfile.TemporaryDirectory(prefix="kpi_ingest_") as folder:
        ready = []
        for place, file in enumerate(work.read):
            if progress:
                progress(place, len(work.read))
            ready.append(make_ready(project, source, executor, file, place=place, folder=Path(folder)))
        staged = _staged(
            *(project, source, executor, work, ready, known, raw, definition),
            state=state, run_id=run_id, now=now, full=full, all_days=full or redefined or lost,
        )  # fmt: skip
    if progress:
        progress(len(work.read), len(work.read))
    return replace(staged, files_found=len(found))


def _staged(
    project: Project,
    source: Source,
    executor: Executor,
    work: Survey,
    ready: Sequence[Ready],
    known: Mapping[str, SourceFile],
    raw: Mapping[str, str],
    definition: str,
    *,
    state: SourceState | None,
    run_id: str,
    now: datetime,
    full: bool,
    all_days: bool,
) -> Staged:
    result = Staged(source.name, True, _state(source, definition, now, run_id))
    merges = source.load.mode == "merge"
    keeps_rows = bool(raw) and (merges or bool(work.kept))
    columns = columns_of(source, executor, ready, known, raw, full=full, keeps_rows=keeps_rows)
    create(executor, result.quarantine, QUARANTINE)
    batch = TableRef("staging", f"{source.name}__batch")
    target = batch if merges else result.table
    create(executor, target, columns | LINEAGE)
    if keeps_rows and not merges:
        keep_rows(executor, source, target, raw, columns, [file.file for file in work.kept])
    files = [stage_file(source, executor, one, target, result, columns, run_id, now) for one in ready]
    if merges:
        merge_rows(executor, source, result.table, batch, raw, columns)
    result = replace(
        result,
        rows_read=sum(file.rows + file.quarantined for file in files),
        rows_loaded=sum(file.rows for file in files),
        rows_quarantined=sum(file.quarantined for file in files),
        files_read=tuple(file.file for file in files),
        columns=columns,
        files=tuple(sorted([*work.kept, *files], key=lambda file: file.file)),
    )
    same_columns = {name: columns.get(name) for name in raw} == dict(columns)
    result = _with_reach(
        project, source, executor, result, work, batch, now, all_days=all_days or not raw or not same_columns
    )
    notes = [*work.notes, *_notes(source, result, raw)]
    for scaffold in [*(one for file in ready for one in file.landed.tables), *([batch] if merges else [])]:
        drop(executor, scaffold)
    version = _version(source, definition, result.files, files, state)
    rows = row_count(executor, result.table)
    if rows == 0:
        notes.append("the table has no rows")
    return replace(result, state=replace(result.state, version=version, rows=rows), notes=(*notes, *result.notes))


def _with_reach(
    project: Project,
    source: Source,
    executor: Executor,
    result: Staged,
    work: Survey,
    batch: TableRef,
    now: datetime,
    *,
    all_days: bool,
) -> Staged:
    cursor_type = _full_name(result.columns.get(source.load.cursor or "", ""))
    day = business_day(project, source, cursor_type)
    if day is None:
        odd = source.load.cursor is not None and cursor_type
        note = (f"cursor '{source.load.cursor}' is {cursor_type}, not a time: no day is known to be complete",)
        return replace(result, notes=note) if odd else result
    reach = reach_of(project, source, executor, table(result.table), day, now)
    touched = None
    if not all_days:
        raw = exp.select().from_(table(TableRef("raw", source.name)))
        if source.load.mode == "merge":
            pieces = [exp.select().from_(table(batch)), raw.where(_has_key_in(source, batch))]
        else:
            old = [*result.files_read, *(file.file for file in work.dropped)]
            new = exp.select().from_(table(result.table))
            pieces = [
                raw.where(of_files(old)),
                *([new.where(of_files(result.files_read))] if result.files_read else []),
            ]
        touched = days_touched(executor, day, pieces)
    notes: tuple[str, ...] = ()
    if reach.future_rows:
        notes = (f"{reach.future_rows} rows are dated after today, the last on {reach.furthest_day}",)
    limit = complete_before(source, project.settings, reach.newest_day)
    return replace(
        result,
        touched=touched,
        newest=reach.newest,
        notes=notes,
        state=replace(result.state, complete_before=limit, newest_day=reach.newest_day),
    )


def _notes(source: Source, result: Staged, raw: Mapping[str, str]) -> list[str]:
    notes = []
    if raw:
        had = {name.lower(): kind for name, kind in raw.items()}
        for name, kind in result.columns.items():
            before = had.get(name.lower())
            if before is None:
                notes.append(f"new column '{name}' ({kind})")
            elif _full_name(before) != _full_name(kind):
                notes.append(f"column '{name}' was {before} and is {kind} now")
    for file in result.files:
        if file.file not in result.files_read:
            continue
        if file.rows + file.quarantined == 0:
            notes.append(f"{file.file} has no rows, only a header")
        elif file.rows == 0:
            notes.append(f"no row of {file.file} fits what source '{source.name}' says its columns are")
        elif file.quarantined:
            notes.append(f"{file.quarantined} of {file.rows + file.quarantined} rows of {file.file} are in quarantine")
    return notes


def _state(source: Source, definition: str, now: datetime, run_id: str) -> SourceState:
    return SourceState(source.name, "", 0, None, None, definition, now, run_id)


def _version(
    source: Source,
    definition: str,
    files: Sequence[SourceFile],
    read: Sequence[SourceFile],
    before: SourceState | None,
) -> str:
    """A name for exactly these rows: by the files they came from; a merge also depends on what was merged before."""
    if source.load.mode == "merge":
        return fingerprint(before.version if before else "", definition, [(file.file, file.sha256) for file in read])
    return fingerprint(definition, [(file.file, file.sha256) for file in files])


def _definition(project: Project, source: Source) -> str:
    """Changes when the definition asks for other rows, types or limits than before; not with words or checks."""
    decides = source.model_dump(mode="json", exclude={"name", "label", "description", "ignore", "checks"})
    settings = project.settings
    return fingerprint(decides, settings.timezone, settings.week_start, settings.fiscal_year_start)


def _has_key_in(source: Source, batch: TableRef) -> exp.Expr:
    keys = [exp.column(name, quoted=True) for name in source.load.key]
    wanted = exp.select(*(key.copy() for key in keys)).from_(table(batch))
    return exp.In(this=exp.Tuple(expressions=keys) if len(keys) > 1 else keys[0], query=wanted.subquery())


def _own(columns: Mapping[str, str]) -> dict[str, str]:
    return {name: kind for name, kind in columns.items() if name not in LINEAGE}


def _full_name(kind: str) -> str:
    return "TIMESTAMP WITH TIME ZONE" if kind == "TIMESTAMPTZ" else kind.replace(", ", ",")
