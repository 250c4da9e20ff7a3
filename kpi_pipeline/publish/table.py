"""What a published table is: columns with types, a key, and words for those who read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Self

import polars as pl
from polars.datatypes import DataTypeClass

from kpi_pipeline.errors import InternalError, counted, listed

EXAMPLES = 3
"""How many offending rows an error shows."""


class ColumnType(StrEnum):
    """The few types that DuckDB, PostgreSQL and Parquet all have; the value is the SQL name."""

    text = "VARCHAR"
    number = "DOUBLE"
    integer = "BIGINT"
    flag = "BOOLEAN"
    day = "DATE"
    moment = "TIMESTAMPTZ"

    @property
    def polars(self) -> pl.DataType:
        """The same type in a Polars frame.

        >>> ColumnType.moment.polars
        Datetime(time_unit='us', time_zone='UTC')
        """
        return _POLARS[self]


_POLARS: dict[ColumnType, pl.DataType] = {
    ColumnType.text: pl.String(),
    ColumnType.number: pl.Float64(),
    ColumnType.integer: pl.Int64(),
    ColumnType.flag: pl.Boolean(),
    ColumnType.day: pl.Date(),
    ColumnType.moment: pl.Datetime("us", "UTC"),
}


@dataclass(frozen=True)
class Column:
    """One column of a published table; its comment is shown in BI tools."""

    name: str
    type: ColumnType
    comment: str
    nullable: bool = False

    @property
    def optional(self) -> Self:
        """The same column, where a row need not have a value."""
        return type(self)(self.name, self.type, self.comment, nullable=True)

    @property
    def required(self) -> Self:
        """The same column, where every row has a value."""
        return type(self)(self.name, self.type, self.comment)


@dataclass(frozen=True)
class Table:
    """A published table; no two rows share the values of its key, and an empty key promises nothing."""

    name: str
    comment: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()

    @cached_property
    def schema(self) -> pl.Schema:
        """Names and types as Polars has them; asked for once for every column that is looked at."""
        return pl.Schema({column.name: column.type.polars for column in self.columns})


def empty_frame(table: Table) -> pl.DataFrame:
    """The table's columns without rows."""
    return pl.DataFrame(schema=table.schema)


def conform(table: Table, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with the table's columns in their order and types.

    A frame that breaks the contract is our own mistake and raises InternalError: a column missing or unknown, a value
    that is not of its type, NULL where there is always a value, NaN or infinity anywhere, the same key twice.
    """
    problems = list(_wrong_columns(table, frame))
    if problems:
        raise _broken(table, problems)
    try:
        typed = frame.select(pl.col(column.name).cast(column.type.polars) for column in table.columns)
    except pl.exceptions.PolarsError as problem:
        raise _broken(table, [f"{problem}"]) from problem
    problems = [*_missing_values(table, typed), *_not_finite(table, typed), *_repeated_keys(table, typed)]
    if problems:
        raise _broken(table, problems)
    return typed


def of_rows(table: Table, rows: Iterable[Mapping[str, object]]) -> pl.DataFrame:
    """The table made of rows that name their values; what a row does not name is missing."""
    return conform(table, pl.DataFrame(list(rows), schema=table.schema))


def encoded(table: Table, frame: pl.DataFrame) -> pl.DataFrame:
    """A table as `conform` gives it, but every text is kept once and named by its number: that takes little room."""
    return conform(table, frame).cast({pl.String: pl.Categorical})


def _wrong_columns(table: Table, frame: pl.DataFrame) -> Iterator[str]:
    expected = table.schema.names()
    if absent := [name for name in expected if name not in frame.columns]:
        yield f"it lacks the columns {listed(absent)}"
    if unknown := [name for name in frame.columns if name not in expected]:
        yield f"it has columns the contract does not know: {listed(unknown)}"
    for name, type_ in frame.schema.items():
        if name in expected and not _fits(type_, table.schema[name]):
            yield f"its column '{name}' is {type_}, which is not {table.schema[name]}"


_WELCOME: dict[pl.DataType, tuple[DataTypeClass, ...]] = {
    pl.String(): (pl.String, pl.Categorical, pl.Enum),
    pl.Boolean(): (pl.Boolean,),
    pl.Date(): (pl.Date,),
    pl.Datetime("us", "UTC"): (pl.Datetime,),
}


def _fits(found: pl.DataType, wanted: pl.DataType) -> bool:
    """Whether every value of one type means the same in the other; a moment must know its zone."""
    if found == pl.Null():
        return True
    if wanted == pl.Float64():
        return found.is_numeric()
    if wanted == pl.Int64():
        return found.is_integer()
    if isinstance(found, pl.Datetime) and found.time_zone is None:
        return False
    return found.base_type() in _WELCOME[wanted]


def _missing_values(table: Table, frame: pl.DataFrame) -> Iterator[str]:
    for column in table.columns:
        if not column.nullable and frame.get_column(column.name).null_count():
            yield _rows(table, frame.filter(pl.col(column.name).is_null()), f"without '{column.name}'")


def _not_finite(table: Table, frame: pl.DataFrame) -> Iterator[str]:
    for column in table.columns:
        if column.type is ColumnType.number:
            strange = frame.filter(~pl.col(column.name).is_finite())
            if strange.height:
                yield _rows(table, strange, f"with NaN or infinity in '{column.name}'")


def _repeated_keys(table: Table, frame: pl.DataFrame) -> Iterator[str]:
    if not table.key:
        return
    repeated = frame.filter(frame.select(table.key).is_duplicated())
    if repeated.height:
        yield _rows(table, repeated, f"that share their key ({', '.join(table.key)})")


def _rows(table: Table, rows: pl.DataFrame, what: str) -> str:
    """How many rows there are and which the first ones are, told by their key."""
    named = rows.select(table.key or table.schema.names()[:4]).head(EXAMPLES)
    shown = "; ".join(
        ", ".join(f"{name}={value}" for name, value in row.items()) for row in named.iter_rows(named=True)
    )
    more = " ..." if rows.height > EXAMPLES else ""
    return f"{counted(rows.height, 'row')} {what}: {shown}{more}"


def _broken(table: Table, problems: list[str]) -> InternalError:
    return InternalError(f"The table '{table.name}' breaks its contract: " + "\n  and ".join(problems))
