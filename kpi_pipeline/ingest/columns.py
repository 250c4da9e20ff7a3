"""The columns of a source's new table: those of its files and of the rows that stay, where they may meet."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import expressions as exp

from kpi_pipeline.ingest import evolve
from kpi_pipeline.ingest.evolve import FileColumns
from kpi_pipeline.ingest.loading import Loading
from kpi_pipeline.ingest.ready import Ready
from kpi_pipeline.ingest.tables import table


def columns_of(load: Loading, ready: Sequence[Ready], *, keeps_rows: bool) -> dict[str, str]:
    """The columns of the new table, after asking whether the old and the new may meet."""
    known = load.known
    files = [
        FileColumns(one.name, one.columns, known[one.name].columns if one.name in known else None) for one in ready
    ]
    if files and not load.full:
        if load.in_use:
            evolve.check_lost(load.source, files, load.in_use)
        if load.source.on_schema_change == "freeze":
            evolve.check_frozen(load.source, files, load.in_use)
    new = evolve.united(files)
    old = load.in_use if keeps_rows or not load.full else {}
    result: dict[str, str] = {}
    for name, kind in old.items():
        if name.lower() in new:
            result[name] = _met(load, ready, name, kind, new[name.lower()], keeps_rows=keeps_rows)
        elif keeps_rows:
            result[name] = kind
    known_names = {name.lower() for name in old}
    return result | {name: kind or "VARCHAR" for key, (name, kind, _) in new.items() if key not in known_names}


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
    if _has_values(load, name):
        raise evolve.changed_type(load.source, name, kind, brought, _file_with(ready, name, brought))
    return brought


def _has_values(load: Loading, column: str) -> bool:
    query = exp.select(exp.Count(this=exp.column(column, quoted=True))).from_(table(load.raw))
    return bool(load.executor.rows(query)[0][0])


def _file_with(ready: Sequence[Ready], name: str, kind: str) -> str:
    for one in ready:
        if any(column.name.lower() == name.lower() and column.type == kind for column in one.columns):
            return one.name
    return ready[0].name
