"""The columns of a source's new table: those of its files and of the rows that stay, where they may meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import expressions as exp

from kpi_pipeline.ingest import evolve
from kpi_pipeline.ingest.evolve import FileColumns
from kpi_pipeline.ingest.ready import Ready
from kpi_pipeline.ingest.staged import SourceFile
from kpi_pipeline.ingest.tables import table
from kpi_pipeline.names import TableRef
from kpi_pipeline.plan import Executor
from kpi_pipeline.sources import Source


def columns_of(
    source: Source,
    executor: Executor,
    ready: Sequence[Ready],
    known: Mapping[str, SourceFile],
    raw: Mapping[str, str],
    *,
    full: bool,
    keeps_rows: bool,
) -> dict[str, str]:
    """The columns of the new table, after asking whether the old and the new may meet."""
    files = [
        FileColumns(one.name, one.columns, known[one.name].columns if one.name in known else None) for one in ready
    ]
    new = evolve.united(files)
    if not full and files:
        if raw:
            evolve.check_lost(source, files, raw)
        if source.on_schema_change == "freeze":
            evolve.check_frozen(source, files, raw)
    old = {name.lower(): (name, kind) for name, kind in raw.items()} if keeps_rows or not full else {}
    result: dict[str, str] = {}
    for key, (name, kind) in old.items():
        if key not in new:
            if keeps_rows:
                result[name] = kind
            continue
        _, brought, declared = new[key]
        if brought is None:
            result[name] = kind
        elif name in source.columns or (full and not keeps_rows):
            result[name] = brought
        elif both := evolve.joined_type(kind, brought, may_narrow=keeps_rows or not declared):
            result[name] = both
        elif _has_values(executor, source, name):
            raise evolve.changed_type(source, name, kind, brought, _file_with(ready, key, brought))
        else:
            result[name] = brought
    for key, (name, brought, _) in new.items():
        if key not in old:
            result[name] = brought or "VARCHAR"
    return result


def _has_values(executor: Executor, source: Source, column: str) -> bool:
    query = exp.select(exp.Count(this=exp.column(column, quoted=True))).from_(table(TableRef("raw", source.name)))
    return bool(executor.rows(query)[0][0])


def _file_with(ready: Sequence[Ready], key: str, kind: str) -> str:
    for one in ready:
        if any(column.name.lower() == key and column.type == kind for column in one.columns):
            return one.name
    return ready[0].name
