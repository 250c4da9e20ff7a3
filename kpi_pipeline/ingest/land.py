"""Landing: a file's records as a relation that DuckDB can select from, nothing decided about their types yet."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from glob import escape
from pathlib import Path

import polars as pl
from sqlglot import expressions as exp

from kpi_pipeline.errors import DataError, InternalError, KpiError
from kpi_pipeline.ingest import json_array, records, tables, workbook
from kpi_pipeline.ingest.disk import out_of_room
from kpi_pipeline.ingest.files import FoundFile
from kpi_pipeline.ingest.partitions import refuse_conflicts
from kpi_pipeline.ingest.records import NOT_IN_JSON, Record, TextFile
from kpi_pipeline.ingest.unpack import unpacked
from kpi_pipeline.names import TableRef
from kpi_pipeline.plan import Executor
from kpi_pipeline.sources import Source
from kpi_pipeline.sql_parts import sql_call, sql_table


@dataclass(frozen=True)
class Column:
    """A column of a landed file: its name there, where its value is, and its type if the file declares one."""

    name: str
    value: exp.Expr
    type: str | None
    """None for text that may stand for something else; see `infer`."""
    may_be_number: bool = True
    odd: exp.Expr | None = None
    """The text of a value that its type cannot hold, such as infinity as a day; NULL elsewhere."""

    @property
    def as_written(self) -> exp.Expr:
        """The value as text, whether its type can hold it or not."""
        text = exp.cast(self.value.copy(), "VARCHAR")
        return text if self.odd is None else exp.Coalesce(this=self.odd.copy(), expressions=[text])


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
    constants: Mapping[str, str | None] = field(default_factory=dict)
    """What the folders say of all its rows, by column; None for unknown."""
    fields: exp.Expr | None = None
    """The row as JSON, where it was in quarantine before."""


def land(source: Source, file: FoundFile, executor: Executor, *, place: int, folder: Path) -> Landed:
    """Makes a file's records selectable; `folder` takes clean copies of files that DuckDB cannot read as they are."""
    with naming(file):
        copy = folder / f"{place}.unpacked"
        path = unpacked(file.path, file.name, file.packing, copy) if file.packing else file.path
        readers: dict[str, Callable[[], Landed]] = {
            "parquet": lambda: _land_parquet(file, path, executor),
            "csv": lambda: _land_csv(source, file, path, executor, place=place, folder=folder),
            "excel": lambda: _land_sheet(source, file, path, executor, place=place, folder=folder),
            "jsonl": lambda: _land_json(source, file, path, executor, place=place, folder=folder),
            "json": lambda: _land_json_array(source, file, path, executor, place=place, folder=folder),
        }
        landed = readers[file.format]()
        if file.packing and file.format != "parquet":
            landed = _without_copy(landed, file.packing, copy)
        return _with_partition(landed, executor)


def _without_copy(landed: Landed, packing: str, copy: Path) -> Landed:
    """The file without its unpacked copy, which is written anew once the lines of misfits are looked up in it."""
    file, picked = landed.file, landed.picked
    copy.unlink()
    if picked is None or file.format not in ("csv", "jsonl"):
        return landed

    def picked_again(wanted: Sequence[int]) -> list[tuple[int, int, str]]:
        try:
            unpacked(file.path, file.name, packing, copy)
            return picked(wanted)
        finally:
            copy.unlink(missing_ok=True)

    return replace(landed, picked=picked_again)


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
        if isinstance(problem, OSError) and (full := out_of_room(problem)):
            raise full from problem
        ours = type(problem).__name__ in ("BinderException", "CatalogException", "ParserException", "TypeError")
        # NOTE: DuckDB has no name for the value of {"": 1}, and says so as if a statement were wrong.
        if ours and "Empty key in object" not in str(problem):
            raise InternalError(f"Reading {file.name} failed: {problem}") from problem
        raise _unreadable(file, problem) from problem


def _unreadable(file: FoundFile, problem: Exception) -> DataError:
    said = str(problem).strip().splitlines()
    return DataError(
        f"{file.name} cannot be read: {said[0] if said else type(problem).__name__}\n"
        "Hint: was it cut off while being copied? Deliver it again; nothing of it was loaded."
    )


def _with_partition(landed: Landed, executor: Executor) -> Landed:
    """The file with the columns that its folders give; one that it has itself stays, if it says the same."""
    partition = landed.file.partition
    if not partition:
        return landed
    own = [(one.name, one.value, one.type or "VARCHAR") for one in landed.columns]
    refuse_conflicts(executor, landed.file.name, partition, landed.relation, own)
    names = {one.name.lower() for one in landed.columns}
    said = {key: value for key, value in partition if key.lower() not in names}
    added = [Column(key, _constant(value), None) for key, value in said.items()]
    return replace(landed, columns=(*landed.columns, *added), constants=said)


def _constant(value: str | None) -> exp.Expr:
    return exp.cast(exp.null() if value is None else exp.Literal.string(value), "VARCHAR")


def _land_parquet(file: FoundFile, path: Path, executor: Executor) -> Landed:
    count = int(pl.scan_parquet(path, glob=False, hive_partitioning=False).select(pl.len()).collect().item())
    relation = reader("read_parquet", path, file_row_number=True, hive_partitioning=False)
    plain = reader("read_parquet", path, hive_partitioning=False)
    columns = executor.columns(exp.select("*").from_(plain))
    return Landed(
        file=file,
        relation=plain if "file_row_number" in columns else relation,
        columns=tuple(Column(name, exp.column(name, quoted=True), kind) for name, kind in columns.items()),
        records=count,
        number=exp.null() if "file_row_number" in columns else exp.column("file_row_number", quoted=True),
    )


def _land_csv(source: Source, file: FoundFile, path: Path, executor: Executor, *, place: int, folder: Path) -> Landed:
    connector = source.files
    text = records.opened_csv(
        path, file.name, encoding=connector.encoding, delimiter=connector.delimiter, skipped=connector.skip_rows
    )
    return _landed_csv(source, file, text, records.scan(text), executor, place=place, folder=folder)


def _land_sheet(source: Source, file: FoundFile, path: Path, executor: Executor, *, place: int, folder: Path) -> Landed:
    text, found = workbook.as_csv(
        path,
        file.name,
        source.files,
        folder / f"{place}.sheet",
        null_values=source.null_values,
        columns=source.columns,
    )
    return _landed_csv(source, file, text, found, executor, place=place, folder=folder)


def _landed_csv(
    source: Source,
    file: FoundFile,
    text: TextFile,
    found: records.Scan,
    executor: Executor,
    *,
    place: int,
    folder: Path,
) -> Landed:
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
        delim=text.delimiter or NOT_IN_JSON,
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


def _land_json_array(
    source: Source, file: FoundFile, path: Path, executor: Executor, *, place: int, folder: Path
) -> Landed:
    text = json_array.as_lines(TextFile(path, file.name, source.files.encoding), folder / f"{place}.elements")
    return _landed_json(source, file, text, executor, place=place, folder=folder)


def _land_json(source: Source, file: FoundFile, path: Path, executor: Executor, *, place: int, folder: Path) -> Landed:
    text = TextFile(path, file.name, source.files.encoding)
    return _landed_json(source, file, text, executor, place=place, folder=folder)


def _landed_json(
    source: Source, file: FoundFile, text: TextFile, executor: Executor, *, place: int, folder: Path
) -> Landed:
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
