"""What staged rows take the place of: everything there was, the rows of some files, or the rows of the same keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import expressions as exp

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
    """Rows go whose key is that of a staged one."""

    key: tuple[str, ...]


Replaced = Everything | RowsOfFiles | RowsOfKeys


def going(replaced: Replaced, staged: TableRef) -> exp.Expr:
    """True for the rows in use that go when these staged rows come."""
    match replaced:
        case Everything():
            return exp.true()
        case RowsOfFiles():
            return of_files(replaced.files)
        case RowsOfKeys():
            return _has_key_in(staged, replaced.key)


def of_files(files: Sequence[str]) -> exp.Expr:
    """True for the rows of these files."""
    if not files:
        return exp.false()
    return exp.In(
        this=exp.column("_source_file", quoted=True), expressions=[exp.Literal.string(file) for file in files]
    )


def _has_key_in(rows: TableRef, key: Sequence[str]) -> exp.Expr:
    columns = [exp.column(name, quoted=True) for name in key]
    wanted = exp.select(*(column.copy() for column in columns)).from_(sql_table(rows))
    return exp.In(this=exp.Tuple(expressions=columns) if len(columns) > 1 else columns[0], query=wanted.subquery())
