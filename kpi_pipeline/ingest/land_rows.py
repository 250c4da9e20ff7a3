"""Landing rows that come as they are: written down as they arrive, a batch at a time, and counted by the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from sqlglot import expressions as exp

from kpi_pipeline.errors import DataError, InternalError
from kpi_pipeline.ingest.arriving import Arriving, Told
from kpi_pipeline.ingest.files import FoundFile
from kpi_pipeline.ingest.land import Column, Landed
from kpi_pipeline.ingest.loading import Loading
from kpi_pipeline.ingest.tables import add_column, change_type, create, drop, kind_of, row_count
from kpi_pipeline.names import TableRef
from kpi_pipeline.sql_parts import sql_call, sql_table

DECIMALS = ((18, 4), (38, 9), (38, 18))
"""What exact numbers without a limit become: the first of these that holds all of them, or else a DOUBLE.

The first is that of the contract's decimals, so that the product of two still fits into 38 digits.
"""


@dataclass(frozen=True)
class Arrived(FoundFile):
    """Rows that came as they are, in the place of a file: nothing can change them behind our back."""

    def untouched(self) -> bool:
        return True


def land_rows(load: Loading, arriving: Arriving, *, place: str = "rows") -> Landed:
    """Writes all batches into a table and says what its columns are."""
    table = TableRef("staging", f"{load.source.name}__arrived_{place}")
    rows = _written(load, arriving, table)
    if (loaded := row_count(load.executor, table)) != rows:
        raise InternalError(f"{arriving.name} gave {rows} rows, but {loaded} were written down.")
    said = arriving.counted()
    if said is not None and said != rows:
        raise DataError(
            f"{arriving.name} of source '{load.source.name}' holds {said:,} rows by its own count, but gave {rows:,}.\n"
            "Hint: nothing was loaded. Run again; should it stay so, the connection loses rows on the way."
        )
    return Landed(
        file=Arrived(name=arriving.name, path=Path(), format="rows", size=0, modified_ns=0),
        relation=sql_table(table),
        columns=_columns(load, arriving, table),
        records=rows,
        number=exp.column("rowid"),
        tables=(table,),
    )


def _columns(load: Loading, arriving: Arriving, table: TableRef) -> tuple[Column, ...]:
    kinds = load.executor.table_columns(table)
    if arriving.told is not None:
        return tuple(_column(load, table, told, at, kinds[f"c{at}"]) for at, told in enumerate(arriving.told))
    found = [Column(name, exp.column(name, quoted=True), kind) for name, kind in kinds.items()]
    if arriving.may_leave_out and load.source.load.mode != "full":
        there = {name.lower() for name in kinds}
        unknown = exp.cast(exp.null(), "VARCHAR")
        found += [Column(name, unknown.copy(), None) for name in load.in_use if name.lower() not in there]
    return tuple(found)


def _written(load: Loading, arriving: Arriving, table: TableRef) -> int:
    """Writes down all batches and says how many rows they have; the table grows columns as batches bring them."""
    rows = 0
    drop(load.executor, table)
    _check_twins(load, arriving.name, [told.name for told in arriving.told or ()])
    schema: pl.Schema | None = None
    untyped: dict[str, None] = {}
    for batch in arriving.batches:
        frame = _storable(batch)
        untyped |= dict.fromkeys(name for name, kind in frame.schema.items() if kind == pl.Null)
        frame = frame.select(name for name, kind in frame.schema.items() if kind != pl.Null)
        rows += batch.height
        if schema is None or not schema:
            _check_twins(load, arriving.name, frame.columns)
            frame = frame if frame.width or not batch.height else batch.select(pl.first().cast(pl.String))
            if frame.width:
                load.executor.replace_table(table, frame)
            schema = frame.schema
            continue
        if frame.schema != schema:
            schema = _widened(load, arriving.name, table, schema, frame.schema)
        if not frame.width:
            frame = pl.DataFrame({next(iter(schema)): [None] * batch.height}, schema={next(iter(schema)): pl.String})
        load.executor.append(table, frame)
    untyped = dict.fromkeys(name for name in untyped if name not in (schema or {}))
    if not schema and not untyped and not load.in_use:
        raise DataError(
            f"{arriving.name} of source '{load.source.name}' gave no rows, and nothing says what its columns are.\n"
            "Hint: nothing was loaded. Let it give a frame with columns, even without rows; or has it nothing to give?"
        )
    if not schema:
        create(load.executor, table, load.in_use or dict.fromkeys(untyped, "VARCHAR"))
        schema = pl.Schema(dict.fromkeys(load.in_use or untyped, pl.String()))
    for name in untyped:
        if name not in schema:
            add_column(load.executor, table, name, "VARCHAR")
    return rows


def _widened(load: Loading, source: str, table: TableRef, before: pl.Schema, now: pl.Schema) -> pl.Schema:
    """Gives the table the columns that a later batch brings, and types that hold the values of both."""
    empty = [pl.DataFrame(schema=before), pl.DataFrame(schema=now)]
    try:
        both = pl.concat(empty, how="diagonal_relaxed").schema
    except pl.exceptions.PolarsError as problem:
        said = str(problem).splitlines()[0]
        raise DataError(
            f"{source} of source '{load.source.name}' gives a column as types that do not go together: {said}.\n"
            "Hint: give each column one type throughout."
        ) from problem
    _check_twins(load, source, both.names())
    example = TableRef(table.schema, f"{table.name}_types")
    load.executor.replace_table(example, pl.DataFrame(schema=both))
    kinds = load.executor.table_columns(example)
    drop(load.executor, example)
    for name, kind in both.items():
        if name not in before:
            add_column(load.executor, table, name, kinds[name])
        elif before[name] != kind:
            change_type(load.executor, table, name, kinds[name])
    return both


def _storable(batch: pl.DataFrame) -> pl.DataFrame:
    """The batch with categories as the text they stand for."""
    odd = (pl.Categorical, pl.Enum)
    return batch.with_columns(pl.col(name).cast(pl.String) for name, kind in batch.schema.items() if kind in odd)


def _check_twins(load: Loading, source: str, names: Sequence[str]) -> None:
    """Two columns whose names differ in case only, or not at all, cannot both be in a table."""
    seen = Counter(name.lower() for name in names)
    twins = [name for name in names if seen[name.lower()] > 1]
    if twins:
        raise DataError(
            f"{source} of source '{load.source.name}' has more than one column called '{twins[0].lower()}'.\n"
            "Hint: give them names that differ, such as by a query with AS."
        )


def _column(load: Loading, table: TableRef, told: Told, at: int, kind: str) -> Column:
    value = exp.column(f"c{at}", quoted=True)
    if told.read_as == "decimal":
        exact = _decimal(load, table, told, value)
        number = exp.TryCast(this=value.copy(), to=kind_of(exact))
        odd = exp.Case(ifs=[exp.If(this=_is_odd_number(value), true=value.copy())])
        return Column(told.name, number, exact, odd=odd)
    if told.read_as in ("values", "times"):
        text = exp.cast(value, "VARCHAR")
        return Column(told.name, text, None, may_be_number=told.read_as == "values")
    return Column(told.name, value, kind, odd=exp.column(f"o{at}", quoted=True) if told.has_odd else None)


def _decimal(load: Loading, table: TableRef, told: Told, value: exp.Expr) -> str:
    """The type of exact numbers: as the source limits them, or wide enough for all there are and were."""
    if told.digits is not None and told.places is not None and 0 <= told.places <= told.digits <= 38:
        return f"DECIMAL({told.digits}, {told.places})"
    bare = sql_call("ltrim", value.copy(), exp.Literal.string("-"))
    whole, part = (sql_call("split_part", bare, exp.Literal.string("."), exp.convert(at)) for at in (1, 2))
    longest = [exp.Max(this=exp.Length(this=one)) for one in (whole, part)]
    numbers = exp.not_(_is_odd_number(value))
    most, places = load.executor.rows(exp.select(*longest).from_(sql_table(table)).where(numbers))[0]
    before = None if load.afresh else load.in_use.get(told.name)
    ladder = [f"DECIMAL({width},{scale})" for width, scale in DECIMALS]
    for width, scale in DECIMALS[ladder.index(before) if before in ladder else 0 :]:
        if (most or 0) <= width - scale and (places or 0) <= scale:
            return f"DECIMAL({width}, {scale})"
    return "DOUBLE"


def _is_odd_number(value: exp.Expr) -> exp.Expr:
    """Whether a text that stands for an exact number is none: NaN or infinite."""
    return exp.and_(
        exp.not_(value.copy().is_(exp.null())),
        sql_call("regexp_full_match", value.copy(), exp.Literal.string(r"-?[A-Za-z]+")),
    )
