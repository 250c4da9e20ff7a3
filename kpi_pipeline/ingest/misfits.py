"""The rows in quarantine when a load is accepted: which go, which stay, what was said of them, which are overtaken."""

from __future__ import annotations

from sqlglot import expressions as exp

from kpi_pipeline.ingest.loading import Loading
from kpi_pipeline.ingest.quarantine import OBSOLETE, OPEN, QUARANTINE, key_as_text
from kpi_pipeline.ingest.replaced import RowsOfKeys
from kpi_pipeline.ingest.staged import Staged
from kpi_pipeline.ingest.tables import add_column, create, kind_of
from kpi_pipeline.names import TableRef
from kpi_pipeline.plan import Executor
from kpi_pipeline.sql_parts import sql_table


def replace_misfits(staged: Staged, executor: Executor) -> None:
    """Puts the misfits of a load into quarantine, in place of those that were read again.

    `quarantine.<source>` holds the misfits of each file as it was last read, so it never counts a row twice.
    """
    quarantine = TableRef("quarantine", staged.source)
    create(executor, quarantine, QUARANTINE, if_missing=True)
    _with_later_columns(executor, quarantine)
    kept = [exp.Literal.string(file.file) for file in staged.files if file.file not in staged.files_read]
    stays = exp.In(this=exp.column("_source_file", quoted=True), expressions=kept)
    going = staged.misfits_going or (exp.not_(stays) if kept else exp.true())
    if staged.rows_quarantined:
        _remember_what_was_said(executor, quarantine, staged.quarantine, going)
    executor.run(exp.delete(sql_table(quarantine), where=going.copy()))
    if staged.overtaken is not None:
        _say_obsolete(staged, executor, quarantine, staged.overtaken)
    rows = exp.select("*").from_(sql_table(staged.quarantine))
    executor.run(exp.Insert(this=sql_table(quarantine), expression=rows, by_name=True))


def overtaken(load: Loading, staged: Staged) -> exp.Expr | None:
    """True for misfits whose key a row that came has, unless they are dated after it; None where rows have no key."""
    if not isinstance(staged.replaces, RowsOfKeys):
        return None
    own = {name: exp.column(name, table="came", quoted=True) for name in load.source.load.key}
    same = key_as_text(load.source, own).eq(exp.column("row_key", quoted=True))
    came = exp.select("1").from_(exp.alias_(sql_table(staged.rows), "came", table=True)).where(same)
    if (cursor := load.source.load.cursor) and cursor in staged.columns:
        value = exp.column(cursor, table="came", quoted=True)
        dated = exp.TryCast(this=exp.column("row_cursor", quoted=True), to=kind_of(staged.columns[cursor]))
        came = came.where(exp.Coalesce(this=value >= dated, expressions=[exp.true()]))
    return exp.Exists(this=came)


def _with_later_columns(executor: Executor, quarantine: TableRef) -> None:
    """Gives the table of an earlier version of this program the columns that it did not have then."""
    there = executor.table_columns(quarantine)
    for name in (one for one in QUARANTINE if one not in there):
        add_column(executor, quarantine, name, QUARANTINE[name], default=OPEN if name == "status" else None)


_SAME = """
    now._source_file = before._source_file AND now.row_key IS NOT DISTINCT FROM before.row_key
    AND now.column_name IS NOT DISTINCT FROM before.column_name
    AND now.check_name IS NOT DISTINCT FROM before.check_name
    AND now.raw_text IS NOT DISTINCT FROM before.raw_text AND now.fields IS NOT DISTINCT FROM before.fields
    AND (now.line IS NOT DISTINCT FROM before.line OR now.row_key IS NOT NULL)
    AND (now.row_key IS NOT NULL OR now.raw_text IS NOT NULL OR now.fields IS NOT NULL)
"""
"""The same row, read again; one of which neither key nor text is kept is not known again."""


def _remember_what_was_said(executor: Executor, quarantine: TableRef, staged: TableRef, going: exp.Expr) -> None:
    """A row that is read again and still does not fit keeps since when it is there, and stays dropped if it was."""
    old = exp.select("*").from_(sql_table(quarantine)).where(going.copy()).sql(dialect="duckdb")
    executor.run(
        f"UPDATE {sql_table(staged).sql(dialect='duckdb')} AS now SET _quarantined_at = before._quarantined_at, "
        f"status = before.status, status_at = before.status_at, status_note = before.status_note "
        f"FROM ({old}) AS before WHERE {_SAME}"
    )


def _say_obsolete(staged: Staged, executor: Executor, quarantine: TableRef, overtaken: exp.Expr) -> None:
    """A misfit that a newer row of the same key has taken the place of needs nobody's care any more."""
    said = exp.update(
        sql_table(quarantine),
        {
            "status": exp.Literal.string(OBSOLETE),
            "status_at": exp.cast(exp.Literal.string(staged.state.loaded_at.isoformat()), kind_of("TIMESTAMPTZ")),
            "status_note": exp.Literal.string("a newer row of its key was loaded"),
        },
        where=exp.and_(exp.column("status").eq(exp.Literal.string(OPEN)), overtaken.copy()),
    )
    executor.run(said)
