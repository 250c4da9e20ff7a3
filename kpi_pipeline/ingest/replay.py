"""Replay: the rows in quarantine are tried again, as the definitions are now and beside the rows there are now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import polars as pl
from sqlglot import expressions as exp

from kpi_pipeline.ingest import contract, ledger
from kpi_pipeline.ingest.accept import drop_staged
from kpi_pipeline.ingest.files import find_files
from kpi_pipeline.ingest.land import Column, Landed
from kpi_pipeline.ingest.land_rows import Arrived
from kpi_pipeline.ingest.loading import Loading, loading_of
from kpi_pipeline.ingest.quarantine import OPEN
from kpi_pipeline.ingest.ready import Ready, fitted
from kpi_pipeline.ingest.replaced import RowsOfFiles
from kpi_pipeline.ingest.settle import Intake, settled
from kpi_pipeline.ingest.staged import SourceFile, Staged
from kpi_pipeline.ingest.tables import full_name, kind_of
from kpi_pipeline.names import TableRef
from kpi_pipeline.plan import Executor, fingerprint
from kpi_pipeline.project import Project
from kpi_pipeline.sources import FileConnector, Source
from kpi_pipeline.sql_parts import sql_call, sql_table


def stage_replay(project: Project, source: Source, executor: Executor, *, run_id: str, now: datetime) -> Staged | None:
    """Stages the open rows of a source's quarantine that fit now, beside the rows in use; None where none does.

    They keep the name of the file that they came from. Rows whose text was not kept cannot be tried: those of a source
    with personal columns, and lines that could not be read as rows at all.
    """
    load = loading_of(project, source, executor, run_id=run_id, now=now)
    quarantine = TableRef("quarantine", source.name)
    if load.state is None or not load.in_use or "fields" not in executor.table_columns(quarantine):
        return None
    rows = executor.fetch(
        exp.select("_source_file", "line", "raw_text", "fields")
        .from_(sql_table(quarantine))
        .where(_can_be_tried())
        .order_by("_source_file", "line", "fields")
    )
    if rows.is_empty():
        return None
    ready = [_ready(load, part, place) for place, part in enumerate(rows.partition_by("_source_file"))]
    intake = Intake(
        load.rows_of_keys if load.merges else RowsOfFiles(()),
        stays=exp.true(),
        chains=True,
        misfits_going=_can_be_tried(),
        tried_again=True,
    )
    staged = settled(load, intake, ready)
    if not staged.rows_loaded:
        ledger.note_load(executor, replace(staged, how="replay"))
        drop_staged(staged, executor)
        return None
    state = replace(staged.state, fingerprint=load.state.fingerprint)
    return replace(staged, state=state, files=_with_counts(load.known, staged.files), notes=(), how="replay")


def forget_files(project: Project, source: Source, executor: Executor) -> tuple[str, ...]:
    """Has the next load read files again that have open rows whose text was not kept; tells where that cannot be."""
    quarantine = TableRef("quarantine", source.name)
    if "fields" not in executor.table_columns(quarantine):
        return ()
    unkept = exp.and_(exp.column("status").eq(exp.Literal.string(OPEN)), exp.column("fields").is_(exp.null()))
    found = executor.rows(exp.select("_source_file").distinct().from_(sql_table(quarantine)).where(unkept))
    files = {str(row[0]) for row in found}
    if not files:
        return ()
    if not isinstance(source.connector, FileConnector):
        return (f"rows whose text is not kept are read again by `kpi run --full --select {source.name}`",)
    if source.load.mode == "merge" and source.load.cursor is None:
        return ("rows whose text is not kept come again with a new delivery: files are merged in the order they came",)
    there = {file.name for file in find_files(project, source)}
    for file in sorted(files & there):
        ledger.forget_content(executor, source.name, file)
    gone = sorted(files - there)
    return tuple(f"{file} is no longer there, and the text of its rows is not kept" for file in gone)


def _can_be_tried() -> exp.Expr:
    is_open = exp.column("status").eq(exp.Literal.string(OPEN))
    return exp.and_(is_open, exp.not_(exp.column("fields").is_(exp.null())))


def _ready(load: Loading, rows: pl.DataFrame, place: int) -> Ready:
    """The rows of a file out of quarantine, as if they were landed."""
    table = TableRef("staging", f"{load.source.name}__again_{place}")
    load.executor.replace_table(table, rows.select("line", "fields"))
    name = str(rows["_source_file"][0])
    lines, texts = rows["line"].to_list(), rows["raw_text"].to_list()
    landed = Landed(
        file=Arrived(
            name=name,
            path=Path(),
            format="rows",
            size=0,
            modified_ns=0,
            sha256=fingerprint(load.run_id, rows["fields"].to_list()),
        ),
        relation=sql_table(table),
        columns=tuple(_column(load, name, kind) for name, kind in load.in_use.items()),
        records=rows.height,
        number=exp.column("rowid"),
        picked=lambda numbers: [(number, lines[number], texts[number]) for number in numbers],
        tables=(table,),
        fields=exp.column("fields", quoted=True),
    )
    return fitted(load, landed)


def _column(load: Loading, name: str, kind: str) -> Column:
    """A column's text as it was written; where the contract leaves its type open, as the raw table's type."""
    pointer = "/" + name.lower().replace("~", "~0").replace("/", "~1")
    text = sql_call("json_extract_string", exp.column("fields", quoted=True), exp.Literal.string(pointer))
    wanted, kind = load.source.columns.get(name), full_name(kind)
    is_moment = kind == "TIMESTAMP WITH TIME ZONE"
    if kind == "VARCHAR" or (wanted is not None and (wanted.format or not is_moment)):
        return Column(name, text, "VARCHAR" if wanted is None else None)
    known = contract.cleaned(load.source, Column(name, text, None))
    value = exp.TryCast(this=known.copy(), to=kind_of(kind))
    is_odd = exp.and_(exp.not_(known.copy().is_(exp.null())), value.copy().is_(exp.null()))
    return Column(name, value, kind, odd=exp.Case(ifs=[exp.If(this=is_odd, true=text.copy())]))


def _with_counts(known: Mapping[str, SourceFile], tried: Sequence[SourceFile]) -> tuple[SourceFile, ...]:
    """The files as they are known, each with the rows that came out of quarantine counted as loaded."""
    loaded = {one.file: one.rows for one in tried}
    return tuple(
        replace(one, rows=one.rows + loaded.get(name, 0), quarantined=max(one.quarantined - loaded.get(name, 0), 0))
        for name, one in sorted(known.items())
    )
