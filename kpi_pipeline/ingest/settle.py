"""Settling: what came is put beside what is in use as the raw table will be, complete and counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlglot import expressions as exp

from kpi_pipeline.checks.base import usual_limit
from kpi_pipeline.errors import DataError, InternalError, counted
from kpi_pipeline.ingest.columns import columns_of
from kpi_pipeline.ingest.loading import Loading
from kpi_pipeline.ingest.misfits import overtaken
from kpi_pipeline.ingest.notes import notes_of
from kpi_pipeline.ingest.quarantine import QUARANTINE
from kpi_pipeline.ingest.reach import business_day, complete_before, days_touched, reach_of
from kpi_pipeline.ingest.ready import Ready
from kpi_pipeline.ingest.replaced import Everything, Replaced, going
from kpi_pipeline.ingest.row_rules import row_rules
from kpi_pipeline.ingest.rows import keep_rows, merge_rows, note_gone, note_replaced_by_misfits, stage_file
from kpi_pipeline.ingest.staged import LINEAGE, SourceFile, SourceState, Staged
from kpi_pipeline.ingest.tables import create, create_view, drop, full_name, full_names, row_count
from kpi_pipeline.plan import fingerprint
from kpi_pipeline.sources import FileConnector
from kpi_pipeline.sql_parts import sql_table


@dataclass(frozen=True)
class Intake:
    """How what came meets what is in use, as long as the columns are what they were."""

    replaces: Replaced
    """Which rows in use go."""
    stays: exp.Expr | None = None
    """True for the rows in use that stay; None where none do. Of a merge, the keys decide."""
    kept: tuple[SourceFile, ...] = ()
    """Files whose rows stay."""
    keys_there: Ready | None = None
    """The keys of all rows that the source has; rows of other keys go. Of a merge."""
    misfits_going: exp.Expr | None = None
    """True for the misfits of earlier loads that go; where not given, those of the files that came or went."""
    remembered: str | None = None
    """What the connector wants to be told at the next load."""
    chains: bool = False
    """Whether the table depends on what was loaded before, too, and not only on what is remembered of its files."""
    notes: tuple[str, ...] = ()
    tried_again: bool = False
    """Whether these are rows of quarantine, of which most may not fit again."""


def settled(load: Loading, intake: Intake, ready: Sequence[Ready]) -> Staged:
    """Stages what came; nothing that is in use changes."""
    state = SourceState(load.source.name, "", 0, None, None, load.definition, load.now, load.run_id)
    result = Staged(load.source.name, True, state)
    keeps_rows = bool(load.in_use) and (load.merges or intake.stays is not None)
    columns = columns_of(load, ready, keeps_rows=keeps_rows)
    result = replace(result, columns=columns, replaces=_replaced(load, intake, columns))
    create(load.executor, result.quarantine, QUARANTINE)
    target = load.batch if load.merges else result.rows
    create(load.executor, target, columns | LINEAGE)
    if keeps_rows and not load.merges and intake.stays is not None and isinstance(result.replaces, Everything):
        keep_rows(load, target, columns, intake.stays)
    ready = [replace(one, rules=row_rules(load, one, columns, result.replaces, target)) for one in ready]
    before = row_count(load.executor, target)
    files = [stage_file(load, one, target, result.quarantine, columns) for one in ready]
    _refuse_lost(load, files, row_count(load.executor, target) - before)
    for file in files if not intake.tried_again else ():
        _refuse_mostly_misfits(load, result, file)
    if load.deletes:
        create(load.executor, load.gone, {name: columns[name] for name in load.source.load.key})
    if intake.keys_there:
        note_gone(load, intake.keys_there, columns)
    if load.misfits_replace:
        for one in ready:
            note_replaced_by_misfits(load, one, columns)
    if load.merges:
        merge_rows(load, result, columns)
    result = replace(result, misfits_going=intake.misfits_going, remembered=intake.remembered)
    create_view(load.executor, result.table, _as_accepted(load, result))
    result = replace(
        result,
        rows_read=sum(file.rows + file.quarantined for file in files),
        rows_loaded=sum(file.rows for file in files),
        rows_quarantined=sum(file.quarantined for file in files),
        set_aside=_set_aside(load, result),
        files_read=tuple(file.file for file in files),
        files=tuple(sorted([*intake.kept, *files], key=lambda file: file.file)),
    )
    result = replace(_with_reach(load, result), overtaken=overtaken(load, result))
    drop_scaffolds(load, ready)
    rows = row_count(load.executor, result.table)
    _refuse_emptied(load, rows)
    notes = (*intake.notes, *notes_of(load, result), *result.notes, *(["the table has no rows"] if rows == 0 else []))
    return replace(
        result, state=replace(result.state, version=_version(load, intake, result, files), rows=rows), notes=notes
    )


def _set_aside(load: Loading, result: Staged) -> dict[str, int]:
    """How many rows each check set aside."""
    name = exp.column("check_name")
    rows = exp.select(name, exp.Count(this=exp.Star())).from_(sql_table(result.quarantine))
    return dict(load.executor.rows(rows.where(exp.not_(name.copy().is_(exp.null()))).group_by(name.copy())))


def drop_scaffolds(load: Loading, ready: Sequence[Ready]) -> None:
    """Drops the tables that files were landed in, and that of the rows to be merged."""
    for scaffold in [*(one for file in ready for one in file.landed.tables), load.batch]:
        drop(load.executor, scaffold)


def _refuse_lost(load: Loading, files: Sequence[SourceFile], there: int) -> None:
    """What was put into the table is what it holds more than before."""
    if there != (loaded := sum(file.rows for file in files)):
        raise InternalError(f"Of source '{load.source.name}' {loaded} rows were loaded, but {there} are there.")


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
    """A slip spoils a row; where most rows do not fit, the file is another one or the contract is wrong.

    Of rows that a check sets aside, the check says itself how many it tolerates.
    """
    read = file.rows + file.quarantined
    most = usual_limit(read) * read
    if file.quarantined <= most:
        return
    unfit = exp.and_(exp.column("_source_file").eq(file.file), exp.column("check_name").is_(exp.null()))
    of_file = exp.select("line", "reason").from_(sql_table(staged.quarantine)).where(unfit)
    misfits = row_count(load.executor, staged.quarantine, where=unfit)
    if misfits <= most:
        return
    line, reason = load.executor.rows(of_file.order_by("line").limit(1))[0]
    place = "line" if isinstance(load.source.connector, FileConnector) else "row"
    raise DataError(
        f"{misfits:,} of {counted(read, 'row')} of {file.file} do not fit what source '{load.source.name}' "
        f"says its columns are. The first, in {place} {line}: {reason}.\n"
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


def _replaced(load: Loading, intake: Intake, columns: Mapping[str, str]) -> Replaced:
    """Which rows in use go: with other columns all of them, otherwise as what came says."""
    before, now = full_names(load.in_use), full_names(columns)
    return Everything() if load.afresh or not before or before != now else intake.replaces


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


def _version(load: Loading, intake: Intake, result: Staged, read: Sequence[SourceFile]) -> str:
    """A name for exactly these rows: by the files they came from, and by what was loaded before where that counts."""
    if intake.chains:
        before = load.state.version if load.state else ""
        return fingerprint(before, load.definition, [(file.file, file.sha256) for file in read])
    return fingerprint(load.definition, [(file.file, file.sha256) for file in result.files])
