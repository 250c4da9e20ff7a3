"""What staged rows take the place of: everything there was, the rows of some files, or the rows of the same keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlglot import expressions as exp

from kpi_pipeline.ingest.arriving import Since
from kpi_pipeline.ingest.tables import kind_of
from kpi_pipeline.names import TableRef
from kpi_pipeline.sql_parts import sql_table


@dataclass(frozen=True)
class Everything:
    """The staged rows are all that the raw table will hold."""


@dataclass(frozen=True)
class RowsOfFiles:
    """Rows of these files go; none where only new files came."""

    files: tuple[str, ...]


@dataclass(frozen=True)
class RowsOfKeys:
    """Rows go whose key is that of a staged one, or is listed as gone."""

    key: tuple[str, ...]
    gone: TableRef | None = None


@dataclass(frozen=True)
class RowsSince:
    """Rows go from a value of the cursor on: they were all asked for again."""

    since: Since


Replaced = Everything | RowsOfFiles | RowsOfKeys | RowsSince


def going(replaced: Replaced, staged: TableRef) -> exp.Expr:
    """True for the rows in use that go when these staged rows come."""
    match replaced:
        case Everything():
            return exp.true()
        case RowsOfFiles():
            return of_files(replaced.files)
        case RowsOfKeys():
            came = has_key_in(staged, replaced.key)
            return exp.or_(came, has_key_in(replaced.gone, replaced.key)) if replaced.gone else came
        case RowsSince():
            return is_since(exp.column(replaced.since.column, quoted=True), replaced.since)


def of_files(files: Sequence[str]) -> exp.Expr:
    """True for the rows of these files."""
    if not files:
        return exp.false()
    return exp.In(
        this=exp.column("_source_file", quoted=True), expressions=[exp.Literal.string(file) for file in files]
    )


def is_since(cursor: exp.Expr, since: Since) -> exp.Expr:
    """True for a cursor within the window, or without a value where those are meant, too; never NULL."""
    value = since.value.isoformat() if isinstance(since.value, date) else str(since.value)
    first = exp.cast(exp.Literal.string(value), kind_of(since.kind))
    return exp.Coalesce(this=cursor >= first, expressions=[exp.convert(since.or_unknown)])


def has_key_in(rows: TableRef, key: Sequence[str]) -> exp.Expr:
    """True for rows whose key is that of a row of a table."""
    columns = [exp.column(name, quoted=True) for name in key]
    wanted = exp.select(*(column.copy() for column in columns)).from_(sql_table(rows))
    return exp.In(this=exp.Tuple(expressions=columns) if len(columns) > 1 else columns[0], query=wanted.subquery())
