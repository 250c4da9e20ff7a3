"""Landing: a file's records as a relation that DuckDB can select from, nothing decided about their types yet."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from glob import escape
from pathlib import Path

import polars as pl
from sqlglot import expressions as exp

from kpi_pipeline.errors import DataError, InternalError, KpiError
from kpi_pipeline.ingest import records, tables
from kpi_pipeline.ingest.files import FoundFile
from kpi_pipeline.ingest.records import Record, TextFile
from kpi_pipeline.names import TableRef
from kpi_pipeline.plan import Executor
from kpi_pipeline.sources import Source
from kpi_pipeline.sql_parts import sql_call, sql_table

LINE_SEPARATORS = "\x1f\x1e"
"""A delimiter that no line of valid JSON holds, so that DuckDB's CSV reader gives whole lines."""


@dataclass(frozen=True)
class Column:
    """A column of a landed file: its name there, where its value is, and its type if the file declares one."""

    name: str
    value: exp.Expr
    type: str | None
    """None for text that may stand for something else; see `infer`."""
    may_be_number: bool = True


@dataclass(frozen=True)
class Landed:
    """A file's whole records, and those that are broken."""

    file: FoundFile
    relation: exp.Expr
    columns: tuple[Column, ...]
    records: int
    """Counted by a reader other than DuckDB."""
    number: exp.Expr
    """The number of a whole record within the file, from 0."""
    broken: tuple[Record, ...] = ()
    picked: Callable[[Sequence[int]], list[tuple[int, int, str]]] | None = None
    """Number, line and text of whole records; None where the file has no lines."""
    tables: tuple[TableRef, ...] = field(default=())
    """To be dropped once the rows are staged."""


def land(source: Source, file: FoundFile, executor: Executor, *, place: int, folder: Path) -> Landed:
    """Makes a file's records selectable; `folder` takes clean copies of files that DuckDB cannot read as they are."""
    with naming(file):
        if file.format == "parquet":
            return _land_parquet(file, executor)
        if file.format == "jsonl":
            return _land_json_lines(source, file, executor, place=place, folder=folder)
        return _land_csv(source, file, executor, place=place, folder=folder)


@contextmanager
def naming(file: FoundFile) -> Iterator[None]:
    """What a reader says about a file becomes a DataError that names the file.

    The readers' exceptions cannot be named here, since only the store imports DuckDB.
    """
    try:
        yield
    except KpiError as problem:
        if file.path.name not in str(problem) or isinstance(problem, DataError | InternalError):
            raise
        raise _unreadable(file, problem) from problem
    except Exception as problem:
        if type(problem).__name__ in ("BinderException", "CatalogException", "ParserException", "TypeError"):
            raise InternalError(f"Reading {file.name} failed: {problem}") from problem
        raise _unreadable(file, problem) from problem


def _unreadable(file: FoundFile, problem: Exception) -> DataError:
    said = str(problem).strip().splitlines()
    return DataError(
        f"{file.name} cannot be read: {said[0] if said else type(problem).__name__}\n"
        "Hint: was it cut off while being copied? Deliver it again; nothing of it was loaded."
    )


def _land_parquet(file: FoundFile, executor: Executor) -> Landed:
    count = int(pl.scan_parquet(file.path, glob=False).select(pl.len()).collect().item())
    relation = reader("read_parquet", file.path, file_row_number=True)
    plain = reader("read_parquet", file.path)
    columns = executor.columns(exp.select("*").from_(plain))
    return Landed(
        file=file,
        relation=plain if "file_row_number" in columns else relation,
        columns=tuple(Column(name, exp.column(name, quoted=True), kind) for name, kind in columns.items()),
        records=count,
        number=exp.null() if "file_row_number" in columns else exp.column("file_row_number", quoted=True),
    )


def _land_csv(source: Source, file: FoundFile, executor: Executor, *, place: int, folder: Path) -> Landed:
    connector = source.connector
    text = records.opened_csv(file.path, file.name, encoding=connector.encoding, delimiter=connector.delimiter)
    found = records.scan(text)
    table = TableRef("staging", f"{source.name}__file_{place}")
    _load_text(executor, text, found, table, folder / f"{place}.csv")
    return Landed(
        file=file,
        relation=sql_table(table),
        columns=tuple(Column(name, exp.column(f"c{at}", quoted=True), None) for at, name in enumerate(text.header)),
        records=found.records,
        number=exp.column("rowid"),
        broken=found.broken,
        picked=lambda wanted: records.picked(text, wanted),
        tables=(table,),
    )


def _load_text(executor: Executor, text: TextFile, found: records.Scan, table: TableRef, copy: Path) -> None:
    """Loads the whole records, all columns as text; from a clean copy where the file itself does not give them all."""
    whole = found.records - len(found.broken)
    if not found.needs_copy:
        tables.create_as(executor, table, _text_query(text, found.longest))
        if tables.row_count(executor, table) == whole:
            return
    clean = records.write_clean_copy(text, copy)
    tables.create_as(executor, table, _text_query(clean, found.longest))
    copy.unlink()
    if (loaded := tables.row_count(executor, table)) != whole:
        raise InternalError(
            f"{text.name} holds {found.records} records, {len(found.broken)} of them broken, but {loaded} were loaded."
        )


def _text_query(text: TextFile, longest: int) -> exp.Select:
    width = len(text.header) if text.delimiter else 1
    names = exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.Literal.string(f"c{at}"), expression=exp.Literal.string("VARCHAR"))
            for at in range(width)
        ]
    )
    source = reader(
        "read_csv",
        text.path,
        auto_detect=False,
        header=bool(text.delimiter),
        delim=text.delimiter or LINE_SEPARATORS,
        quote='"' if text.delimiter else "",
        escape='"' if text.delimiter else "",
        ignore_errors=True,
        max_line_size=max(2_097_152, 4 * longest + 1000),
        columns=names,
    )
    query = exp.select("*").from_(source)
    if text.delimiter:
        return query
    return query.where(exp.Trim(this=exp.column("c0", quoted=True)).neq(exp.Literal.string("")))


def _land_json_lines(source: Source, file: FoundFile, executor: Executor, *, place: int, folder: Path) -> Landed:
    text = TextFile(file.path, file.name, source.connector.encoding)
    found = records.scan(text)
    lines = TableRef("staging", f"{source.name}__lines_{place}")
    _load_text(executor, text, found, lines, folder / f"{place}.jsonl")
    line = exp.column("c0", quoted=True)
    is_object = exp.Case(
        ifs=[
            exp.If(this=sql_call("json_valid", line), true=sql_call("json_type", line).eq(exp.Literal.string("OBJECT")))
        ],
        default=exp.false(),
    )
    source_lines = sql_table(lines)
    no_objects = executor.rows(exp.select(exp.column("rowid")).from_(source_lines).where(exp.not_(is_object)))
    not_json = tuple(
        Record(number, raw, problem="the line is not a JSON object")
        for _, number, raw in records.picked(text, [int(row[0]) for row in no_objects])
    )
    structure = executor.rows(
        exp.select(sql_call("json_group_structure", exp.cast(line, "JSON"))).from_(source_lines).where(is_object)
    )
    merged = json.loads(structure[0][0]) if structure[0][0] else {}
    keys: Mapping[str, object] = merged if isinstance(merged, dict) else {}
    table = TableRef("staging", f"{source.name}__file_{place}")
    shape = exp.Literal.string(json.dumps(dict.fromkeys(keys, "VARCHAR"), ensure_ascii=False))
    fields = [
        exp.alias_(
            sql_call("struct_extract", exp.column("record", quoted=True), exp.Literal.string(key)),
            f"c{at}",
            quoted=True,
        )
        for at, key in enumerate(keys)
    ]
    number = exp.alias_(exp.column("rowid"), "number", quoted=True)
    parsed = exp.select(
        number, exp.alias_(sql_call("json_transform", line, shape) if keys else exp.null(), "record", quoted=True)
    ).from_(source_lines)
    tables.create_as(
        executor,
        table,
        exp.select(exp.column("number", quoted=True), *fields).from_(parsed.where(is_object).subquery("parsed")),
    )
    return Landed(
        file=file,
        relation=sql_table(table),
        columns=tuple(
            _json_column(key, kind, exp.column(f"c{at}", quoted=True)) for at, (key, kind) in enumerate(keys.items())
        ),
        records=found.records,
        number=exp.column("number", quoted=True),
        broken=(*found.broken, *not_json),
        picked=lambda wanted: records.picked(text, wanted),
        tables=(lines, table),
    )


def _json_column(key: str, kind: object, value: exp.Expr) -> Column:
    """A JSON number may be a whole number or not, as its values say; a JSON text stays text unless it is a time."""
    return Column(key, value, None, may_be_number=kind in ("UBIGINT", "BIGINT", "DOUBLE", "HUGEINT", "BOOLEAN"))


def reader(function: str, path: Path, **options: object) -> exp.Expr:
    """A call of one of DuckDB's file readers; wildcards in the path itself are meant literally."""
    named = [
        exp.EQ(
            this=exp.to_identifier(name),
            expression=value if isinstance(value, exp.Expr) else exp.convert(value),
        )
        for name, value in options.items()
    ]
    return exp.Anonymous(this=function, expressions=[exp.Literal.string(escape(str(path))), *named])
