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
from kpi_pipeline.ingest.replaced import RowsOfKeys, going
from kpi_pipeline.ingest.staged import LINEAGE, WITHOUT_VALUES, SourceFile, Staged
from kpi_pipeline.ingest.tables import create_as, kind_of, row_count
from kpi_pipeline.names import TableRef
from kpi_pipeline.sources import Source
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
    misfit = contract.any_misfit(ready.columns)
    with naming(file):
        before = row_count(load.executor, target)
        load.executor.run(exp.insert(query.where(exp.not_(misfit)) if misfit else query, sql_table(target)))
        loaded = row_count(load.executor, target) - before
        rejected = quarantine_misfits(load, ready, misfit, quarantine)
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
        newest_first.insert(0, exp.column(load.source.load.cursor, quoted=True).desc(nulls_first=False))
    rank = exp.Window(
        this=exp.RowNumber(),
        partition_by=[exp.column(name, quoted=True) for name in load.source.load.key],
        order=exp.Order(expressions=newest_first),
    )
    ranked = exp.select(*own, *lineage, exp.column("came"), exp.alias_(rank, "rank")).from_(rows.subquery("rows"))
    query = exp.select(*own, *lineage).from_(ranked.subquery("ranked")).where(exp.column("rank").eq(1))
    if isinstance(result.replaces, RowsOfKeys):
        query = query.where(exp.column("came").eq(1))
    with _castable(load.source):
        create_as(load.executor, result.rows, query)


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
