"""Rows on their way into the staged table: those of a file, those that stay, and the merge of both by key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlglot import expressions as exp

from kpi_pipeline.errors import DataError, InternalError
from kpi_pipeline.ingest import contract
from kpi_pipeline.ingest.land import naming
from kpi_pipeline.ingest.loading import Loading
from kpi_pipeline.ingest.quarantine import quarantine_misfits
from kpi_pipeline.ingest.ready import Ready
from kpi_pipeline.ingest.replaced import RowsOfKeys, going, has_key_in
from kpi_pipeline.ingest.staged import LINEAGE, WITHOUT_VALUES, SourceFile, Staged
from kpi_pipeline.ingest.tables import create_as, full_name, insert, kind_of, row_count
from kpi_pipeline.names import TableRef
from kpi_pipeline.sources import DatabaseConnector, Source
from kpi_pipeline.sql_parts import sql_table


def stage_file(
    load: Loading, ready: Ready, target: TableRef, quarantine: TableRef, columns: Mapping[str, str]
) -> SourceFile:
    """Puts a file's rows where they belong and counts them: loaded and quarantined are all there is."""
    landed, file = ready.landed, ready.landed.file
    own = {column.name.lower(): column for column in ready.columns}
    values = [own[name.lower()].as_type(kind) if name.lower() in own else exp.null() for name, kind in columns.items()]
    lineage = [
        exp.cast(exp.Literal.string(load.now.isoformat()), kind_of("TIMESTAMPTZ")),
        exp.Literal.string(load.run_id),
    ]
    query = exp.select(*values, *lineage, exp.Literal.string(file.name)).from_(landed.relation)
    misfit = ready.misfit
    with naming(file):
        rejected = quarantine_misfits(load, ready, quarantine)
        loaded = insert(load.executor, target, query.where(exp.not_(misfit)) if misfit else query)
    if not file.untouched():
        raise DataError(f"{file.name} changed while it was being read.\nHint: run again once it is written.")
    if loaded + rejected != landed.records:
        raise InternalError(
            f"{file.name} holds {landed.records} rows, but {loaded} were loaded and {rejected} went to quarantine."
        )
    return SourceFile(
        *(file.name, file.size, file.modified_ns, file.sha256, loaded, rejected, load.now, load.run_id),
        columns={column.name: column.type or WITHOUT_VALUES for column in ready.columns},
        tag=file.tag,
    )


def keep_rows(load: Loading, target: TableRef, columns: Mapping[str, str], stays: exp.Expr) -> None:
    """Copies the rows that stay, as the new columns want them."""
    rows = exp.select(*_old_values(load.in_use, columns), *(exp.column(name, quoted=True) for name in LINEAGE)).from_(
        sql_table(load.raw)
    )
    with _castable(load.source):
        load.executor.run(exp.insert(rows.where(stays), sql_table(target)))


def merge_rows(load: Loading, result: Staged, columns: Mapping[str, str]) -> None:
    """One row a key: that with the newest cursor; where it says nothing, the row that came last.

    Where only the rows of some keys go, what is staged are the rows that take their place; a key whose row in use is
    the newest keeps it.
    """
    lineage = [exp.column(name, quoted=True) for name in LINEAGE]
    named = [
        exp.alias_(value, name, quoted=True)
        for name, value in zip(columns, _old_values(load.in_use, columns), strict=True)
    ]
    own = [exp.column(name, quoted=True) for name in columns]
    came, order = exp.alias_(exp.convert(1), "came"), exp.alias_(exp.column("rowid"), "place")
    rows: exp.Query = exp.select(*own, *lineage, came, order).from_(sql_table(load.batch))
    if load.in_use:
        came = exp.alias_(exp.convert(0), "came")
        old = (
            exp.select(*named, *lineage, came, order)
            .from_(sql_table(load.raw))
            .where(going(result.replaces, load.batch))
        )
        rows = exp.union(old, rows, distinct=False)
    newest_first = [exp.column("came").desc(), exp.column("place").desc()]
    if load.source.load.cursor:
        # NOTE: what a database says now is so, even where it dates the row back; files may come in any order.
        before = 1 if isinstance(load.source.connector, DatabaseConnector) else 0
        newest_first.insert(before, exp.column(load.source.load.cursor, quoted=True).desc(nulls_first=False))
    rank = exp.Window(
        this=exp.RowNumber(),
        partition_by=[exp.column(name, quoted=True) for name in load.source.load.key],
        order=exp.Order(expressions=newest_first),
    )
    ranked = exp.select(*own, *lineage, exp.column("came"), exp.alias_(rank, "rank")).from_(rows.subquery("rows"))
    newest = exp.select().from_(ranked.subquery("ranked")).where(exp.column("rank").eq(1))
    query = newest.select(*own, *lineage)
    if isinstance(result.replaces, RowsOfKeys):
        query = query.where(exp.column("came").eq(1))
    if (column := load.source.load.deleted_when) is not None:
        deleted = _says_deleted(column, columns[column])
        query = query.where(exp.not_(deleted))
        key = [exp.column(name, quoted=True) for name in load.source.load.key]
        load.executor.run(exp.insert(newest.select(*key).where(deleted.copy()), sql_table(load.gone)))
    if load.deletes:
        query = query.where(exp.not_(has_key_in(load.gone, load.source.load.key)))
    with _castable(load.source):
        create_as(load.executor, result.rows, query)


def note_gone(load: Loading, there: Ready, columns: Mapping[str, str]) -> None:
    """Notes the keys in use that the source does not have any more; a source without any key is not believed."""
    key = load.source.load.key
    if load.in_use and not there.landed.records and row_count(load.executor, load.raw):
        raise DataError(
            f"{there.name} of source '{load.source.name}' lists no keys at all; its table has rows.\n"
            "Hint: nothing was loaded. Was it emptied? If that is meant: `kpi run --full --select "
            f"{load.source.name}`, with `mode: full` and `allow_empty: true` for once."
        )
    if not load.in_use:
        return
    own = {column.name: column for column in there.columns}
    listed = exp.select(*(own[name].as_type(columns[name]) for name in key)).from_(there.landed.relation)
    in_use = exp.select(*(exp.column(name, quoted=True) for name in key)).from_(sql_table(load.raw))
    load.executor.run(exp.insert(exp.except_(in_use, listed), sql_table(load.gone)))


def note_replaced_by_misfits(load: Loading, ready: Ready, columns: Mapping[str, str]) -> None:
    """Notes the keys of rows that came and do not fit, where no row of the same key came that does."""
    misfit = ready.misfit
    if misfit is None:
        return
    key = load.source.load.key
    own = {column.name: column for column in ready.columns}
    values = [own[name].as_type(columns[name]) for name in key]
    known = [exp.not_(value.copy().is_(exp.null())) for value in values]
    came = exp.select(*values).from_(ready.landed.relation).where(misfit, *known)
    fit = exp.select(*(exp.column(name, quoted=True) for name in key)).from_(sql_table(load.batch))
    load.executor.run(exp.insert(exp.except_(came, fit), sql_table(load.gone)))


def _says_deleted(name: str, kind: str) -> exp.Expr:
    """True where the column says that the row is deleted: a flag that is set, or the moment it happened; never NULL."""
    column: exp.Expr = exp.column(name, quoted=True)
    kind = full_name(kind)
    if kind == "BOOLEAN":
        return exp.Coalesce(this=column, expressions=[exp.false()])
    if kind == "DATE" or kind.startswith("TIMESTAMP"):
        return exp.not_(column.is_(exp.null()))
    if kind == "VARCHAR":
        words = [exp.Literal.string(word) for word in contract.TRUE]
        column = exp.In(this=exp.Lower(this=exp.Trim(this=column)), expressions=words)
    else:
        column = column.neq(exp.convert(0))
    return exp.Coalesce(this=column, expressions=[exp.false()])


@contextmanager
def _castable(source: Source) -> Iterator[None]:
    """Rows kept from before must fit the new types; if they do not, the reader is told how to get out."""
    try:
        yield
    except Exception as problem:
        if type(problem).__name__ not in ("ConversionException", "OutOfRangeException"):
            raise
        said = "" if source.personal else f": {str(problem).splitlines()[0]}"
        raise DataError(
            f"Rows of source '{source.name}' that were loaded before do not fit its new types{said}.\n"
            "Hint: deliver the files they came from again, or keep the earlier type."
        ) from problem


def _old_values(raw: Mapping[str, str], columns: Mapping[str, str]) -> list[exp.Expr]:
    names = {name.lower(): name for name in raw}
    return [
        exp.cast(exp.column(names[name.lower()], quoted=True) if name.lower() in names else exp.null(), kind_of(kind))
        for name, kind in columns.items()
    ]
