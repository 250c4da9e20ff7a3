"""PostgreSQL: every value as exact as it is there, streamed, in one snapshot even where several connections read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Literal

import polars as pl
import pyarrow as pa
from sqlglot import expressions as exp

from kpi_pipeline.errors import DataError
from kpi_pipeline.ingest.arriving import Arriving, Since, Told
from kpi_pipeline.ingest.connectors import asking, chunks
from kpi_pipeline.ingest.connectors.adbc import Connection, connected
from kpi_pipeline.ingest.connectors.bound import Values, as_text, bind, read_back
from kpi_pipeline.ingest.loading import Loading
from kpi_pipeline.sources.database import DatabaseConnector

AS_THEY_ARE = frozenset({
    "bool", "int2", "int4", "int8", "float4", "float8", "text", "varchar", "bpchar", "name", "bytea", "time",
})  # fmt: skip
MOMENTS = {"date": "DATE", "timestamp": "TIMESTAMP", "timestamptz": "TIMESTAMPTZ"}
FIRST, LAST = "0001-01-01", "9999-12-31"
"""The days that the pipeline knows: PostgreSQL has others, and infinity."""
READ_ONLY = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
EXACT = frozenset({"numeric", "money"})
SINCE = "kpi.since"


@dataclass(frozen=True)
class _Column:
    """A column, its type there, and the digits and places of a number."""

    name: str
    kind: str
    digits: int | None
    places: int | None


@contextmanager
def read(load: Loading, connector: DatabaseConnector, since: Since | None) -> Iterator[Arriving]:
    """The rows as they are at one moment: everything is asked for in one transaction that only reads."""
    with ExitStack() as open_ones:

        def connect() -> Connection:
            uri = connector.uri.get_secret_value() if connector.uri else None
            return open_ones.enter_context(connected(connector, uri=uri, autocommit=True))

        main = connect()
        main.run(READ_ONLY)
        columns = _columns(main.schema(asking.everything(connector)))
        values = {SINCE: as_text(since.value)} if since else {}
        bind(main, values)
        wanted = [_from_on(load, columns, since)] if since else []
        query = asking.from_source(connector, *_chosen(columns)).where(*wanted)
        name = f"database:{connector.table or 'query'}"

        def keys() -> Arriving:
            of_key = [one for one in columns if one.name in load.source.load.key]
            listed = main.batches(asking.from_source(connector, *_chosen(of_key)))
            return Arriving(name, [_told(one) for one in of_key], listed, lambda: None)

        def counted() -> int:
            return int(main.rows(asking.count_of(connector, wanted))[0][0])

        chunked = connector.chunks is not None
        batches = _in_chunks(connector, main, query, columns, values, connect) if chunked else main.batches(query)
        covers: Literal["all", "since"] = "since" if since else "all"
        yield Arriving(name, [_told(column) for column in columns], batches, counted, keys=keys, covers=covers)


def _columns(schema: pa.Schema) -> list[_Column]:
    """The columns with their types, as the driver tells them."""
    found = []
    for field in schema:
        said = field.metadata or {}
        kind = said.get(b"POSTGRESQL:type", b"").decode()
        modifier = int(said.get(b"POSTGRESQL:typmod", b"-1")) - 4
        limited = kind == "numeric" and modifier >= 0
        digits, places = (modifier >> 16 & 0xFFFF, modifier & 0x7FF) if limited else (None, None)
        found.append(_Column(field.name, kind, digits, places))
    return found


def _told(column: _Column) -> Told:
    if column.kind in EXACT:
        return Told(column.name, "decimal", column.digits, column.places)
    return Told(column.name, has_odd=column.kind in MOMENTS)


def _chosen(columns: Sequence[_Column]) -> list[exp.Expr]:
    """What is selected: values that travel as they are, text for the rest, and apart the days out of our calendar."""
    chosen: list[exp.Expr] = []
    for at, one in enumerate(columns):
        value: exp.Expr = asking.column(one.name)
        if one.kind in MOMENTS:
            ours = exp.Between(this=value, low=_moment(FIRST, one.kind), high=_moment(LAST, one.kind))
            chosen.append(_named(exp.Case(ifs=[exp.If(this=ours, true=value.copy())]), f"c{at}"))
            text = exp.cast(value.copy(), "TEXT")
            chosen.append(_named(exp.Case(ifs=[exp.If(this=exp.not_(ours.copy()), true=text)]), f"o{at}"))
            continue
        if one.kind == "money":
            value = exp.cast(exp.cast(value, "DECIMAL"), "TEXT")
        elif one.kind.startswith("_"):
            value = exp.cast(exp.Anonymous(this="to_json", expressions=[value]), "TEXT")
        elif one.kind not in AS_THEY_ARE:
            value = exp.cast(value, "TEXT")
        chosen.append(_named(value, f"c{at}"))
    return chosen


def _named(value: exp.Expr, name: str) -> exp.Expr:
    return exp.alias_(value, name, quoted=True)


def _moment(day: str, kind: str) -> exp.Expr:
    return exp.cast(exp.Literal.string(day), MOMENTS[kind])


def _from_on(load: Loading, columns: Sequence[_Column], since: Since) -> exp.Expr:
    """The condition on the cursor."""
    kind = next((one.kind for one in columns if one.name == since.column), "")
    is_text = kind in ("text", "varchar", "bpchar")
    if not kind or is_text != (since.kind == "VARCHAR"):
        raise DataError(
            f"Cursor '{since.column}' of source '{load.source.name}' is {kind or 'no column'} in the database and "
            f"{since.kind} here: what is newer cannot be asked for.\n"
            "Hint: let a `query` give it as the type it is meant to be."
        )
    return asking.from_on(since.column, read_back(SINCE, kind))


def _in_chunks(
    connector: DatabaseConnector,
    main: Connection,
    query: exp.Select,
    columns: Sequence[_Column],
    values: Values,
    connect: Callable[[], Connection],
) -> Iterator[pl.DataFrame]:
    """The rows read by several connections that all see what the first one sees."""
    assert connector.chunks is not None
    snapshot = exp.Literal.string(main.rows("SELECT pg_export_snapshot()")[0][0]).sql(dialect=connector.dialect)
    parts = chunks.parts_of(connector, connector.chunks, main, {one.name: one.kind for one in columns})
    connections = dict(zip(parts, [connect() for _ in parts], strict=True))

    def read_part(part: chunks.Part) -> Iterator[pl.DataFrame]:
        own = connections[part]
        own.run(READ_ONLY)
        own.run(f"SET TRANSACTION SNAPSHOT {snapshot}")
        bind(own, {**values, **part.values})
        return own.batches(query.copy().where(*part.conditions))

    yield from chunks.at_once(parts, read_part)
