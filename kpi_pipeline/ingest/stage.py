"""Staging: what changes of a source, beside what is in use, complete and counted, before anybody relies on it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from kpi_pipeline.checks import Unique
from kpi_pipeline.ingest import ledger
from kpi_pipeline.ingest.columns import check_columns, must_read_again
from kpi_pipeline.ingest.files import FoundFile, Survey, find_files, survey
from kpi_pipeline.ingest.lakehouse import There, stage_there
from kpi_pipeline.ingest.loading import Handed, Loading, loading_of
from kpi_pipeline.ingest.ready import Ready, make_ready, types_of_folders
from kpi_pipeline.ingest.remote import forget_downloads
from kpi_pipeline.ingest.replaced import RowsOfFiles, of_files
from kpi_pipeline.ingest.settle import Intake, drop_scaffolds, settled
from kpi_pipeline.ingest.staged import Staged
from kpi_pipeline.plan import Executor
from kpi_pipeline.project import Project
from kpi_pipeline.sources import FileConnector, Source


def stage(
    project: Project,
    source: Source,
    executor: Executor,
    *,
    run_id: str,
    now: datetime,
    full: bool = False,
    handed: Handed | None = None,
    there: There | None = None,
) -> Staged:
    """Reads what is new or changed of a source, and stages what the raw table becomes by it.

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
        handed: Its rows, where somebody else had them from where the source is.
        there: Where its rows stay, for a source in a lakehouse.
    """
    load = loading_of(project, source, executor, run_id=run_id, now=now, full=full, handed=handed)
    if there is not None:
        return stage_there(load, there)
    if not isinstance(source.connector, FileConnector):
        # NOTE: what connects to databases takes a second to import; projects of files do without it.
        from kpi_pipeline.ingest.stage_rows import stage_rows

        return stage_rows(load)
    found = find_files(project, source)
    work = survey(source, found, load.known, afresh=load.afresh)
    if load.state is not None and not load.afresh and not work.changed:
        if work.renewed:
            with executor.transaction():
                ledger.note_renewed(executor, source.name, work.renewed)
        forget_downloads(project, source)
        return Staged(*(source.name, False, load.state), columns=load.in_use, notes=work.notes)
    with tempfile.TemporaryDirectory(prefix="kpi_ingest_") as folder:
        ready = _made_ready(load, work, Path(folder))
        if not load.full:
            check_columns(load, ready)
        if must_read_again(load, ready, work) or _others_may_be_first(load, found, work):
            drop_scaffolds(load, ready)
            load = replace(load, full=True)
            work = survey(source, found, load.known, afresh=True)
            ready = _made_ready(load, work, Path(folder))
        staged = settled(load, _intake(load, work), ready)
    forget_downloads(project, source)
    return staged


def _others_may_be_first(load: Loading, found: Sequence[FoundFile], work: Survey) -> bool:
    """Whether other rows may be the first of their key: those of a file behind one that came, changed or went."""
    goes_by_order = any(isinstance(check, Unique) and check.sets_aside for check in load.source.checks)
    if load.afresh or not goes_by_order:
        return False
    places = {file.name: place for place, file in enumerate(found)}
    kept = [places[file.file] for file in work.kept if file.file in places]
    return bool(kept) and (
        bool(work.dropped) or min((places[file.name] for file in work.read), default=len(found)) < max(kept)
    )


def _made_ready(load: Loading, work: Survey, folder: Path) -> list[Ready]:
    said = types_of_folders(load, work.read)
    return [make_ready(load, file, place=place, folder=folder, said=said) for place, file in enumerate(work.read)]


def _intake(load: Loading, work: Survey) -> Intake:
    """What changes: the rows of the keys or of the files that came."""
    kept = [file.file for file in work.kept]
    gone = tuple(sorted(load.known.keys() - set(kept)))
    return Intake(
        replaces=load.rows_of_keys if load.merges else RowsOfFiles(gone),
        stays=of_files(kept) if kept else None,
        kept=work.kept,
        chains=load.merges,
        notes=work.notes,
    )
