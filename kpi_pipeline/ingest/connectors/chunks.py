"""Chunks: parts of a large table of PostgreSQL that are read at the same time, which together are all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from queue import Full, Queue
from threading import Event, Thread

import polars as pl
from sqlglot import expressions as exp

from kpi_pipeline.errors import DataError
from kpi_pipeline.ingest.connectors import asking
from kpi_pipeline.ingest.connectors.adbc import Connection
from kpi_pipeline.ingest.connectors.bound import Values, as_text, read_back
from kpi_pipeline.sources.database import Chunks, DatabaseConnector

WAITING = 2
"""Batches of each connection that may wait to be written down; more would only fill the memory."""
POLL = 0.1
LOW, HIGH = "kpi.chunk_low", "kpi.chunk_high"


@dataclass(frozen=True)
class Part:
    """The rows from a value of a column on and below another; rows without a value are in the part without a begin."""

    column: exp.Expr
    kind: str
    low: str | None
    high: str | None

    @property
    def values(self) -> Values:
        """What is to be bound."""
        return {name: value for name, value in ((LOW, self.low), (HIGH, self.high)) if value is not None}

    @property
    def conditions(self) -> list[exp.Expr]:
        """What makes a row part of it."""
        found: list[exp.Expr] = []
        if self.low is not None:
            found.append(self.column.copy() >= read_back(LOW, self.kind))
        if self.high is not None:
            below = self.column.copy() < read_back(HIGH, self.kind)
            found.append(below if self.low is not None else exp.or_(below, self.column.copy().is_(exp.null())))
        return found


def parts_of(connector: DatabaseConnector, wanted: Chunks, connection: Connection, kinds: dict[str, str]) -> list[Part]:
    """The parts of a table, by a column or by where its rows lie; fewer than asked for where there is not enough."""
    if wanted.column is None:
        pages = _pages(connector, connection)
        edges = [f"({edge},0)" for edge in _between(0, pages, wanted.count)]
        return _parts(exp.column("ctid"), "tid", edges)
    if wanted.column not in kinds:
        raise DataError(
            f"{connector.where} has no column '{wanted.column}', by which `chunks` cuts it into parts.\n"
            "Hint: name a column of numbers, days or moments."
        )
    column = asking.column(wanted.column)
    extremes = asking.from_source(connector, exp.Min(this=column), exp.Max(this=column.copy()))
    low, high = connection.rows(extremes)[0]
    if low is None:
        return _parts(column, kinds[wanted.column], [])
    if isinstance(low, str):
        try:
            low, high = Decimal(low), Decimal(high)
        except ArithmeticError:
            low = None
    if not isinstance(low, int | float | Decimal | date):
        raise DataError(
            f"Column '{wanted.column}' of {connector.where} is {kinds[wanted.column]}, which `chunks` cannot cut into "
            "parts.\nHint: name a column of numbers, days or moments."
        )
    return _parts(column, kinds[wanted.column], [as_text(edge) for edge in _between(low, high, wanted.count)])


def _parts(column: exp.Expr, kind: str, edges: Sequence[str]) -> list[Part]:
    return [Part(column, kind, low, high) for low, high in pairwise([None, *dict.fromkeys(edges), None])]


def _between(low: object, high: object, count: int) -> list[object]:
    """The values that cut a range into parts of one width.

    >>> _between(0, 100, 4), _between(1, 2, 4)
    ([25, 50, 75], [1])
    """
    whole = isinstance(low, int) or (isinstance(low, date) and not isinstance(low, datetime))
    width = high - low  # type: ignore[operator]
    edges = [low + (width * at // count if whole else width * at / count) for at in range(1, count)]
    return list(dict.fromkeys(edges))


def _pages(connector: DatabaseConnector, connection: Connection) -> int:
    """How many pages of the disk a table fills; only plain tables lie in one place."""
    name = connector.rows_wanted().sql(dialect=connector.dialect)
    parameter = exp.Parameter(this=exp.convert(1))
    relation = exp.cast(parameter, exp.DataType.build("regclass", dialect="postgres", udt=True))
    size = exp.Anonymous(this="pg_relation_size", expressions=[exp.column("oid")])
    block = exp.cast(exp.Anonymous(this="current_setting", expressions=[exp.Literal.string("block_size")]), "BIGINT")
    asked = exp.select(exp.column("relkind"), exp.IntDiv(this=size, expression=block)).from_("pg_class")
    kind, pages = connection.rows(asked.where(exp.column("oid").eq(relation)), [name])[0]
    if kind not in ("r", "m"):
        raise DataError(
            f"{connector.where} is a view or a table in partitions, so its rows lie in no one place.\n"
            "Hint: say by which `column` its `chunks` are cut."
        )
    return int(pages)


Reader = Callable[[Part], Iterator[pl.DataFrame]]
Found = pl.DataFrame | BaseException | None
"""A batch, what ended a part before its time, or that the part is read."""


def at_once(parts: Sequence[Part], read: Reader) -> Iterator[pl.DataFrame]:
    """The batches of all parts as they come, each part read by a thread of its own.

    The first error of any part ends them all.
    """
    waiting: Queue[Found] = Queue(maxsize=WAITING * len(parts))
    enough = Event()
    threads = [Thread(target=_put, args=(part, read, waiting, enough), daemon=True) for part in parts]
    for thread in threads:
        thread.start()
    try:
        at_work = len(threads)
        while at_work:
            found = waiting.get()
            if isinstance(found, BaseException):
                raise found
            if found is None:
                at_work -= 1
            else:
                yield found
    finally:
        enough.set()
        for thread in threads:
            thread.join()


def _put(part: Part, read: Reader, waiting: Queue[Found], enough: Event) -> None:
    """Reads a part; nobody waits for ever, neither for room nor for rows that nobody wants any more."""
    last: BaseException | None = None
    try:
        for batch in read(part):
            if not _handed_on(batch, waiting, enough):
                return
    except BaseException as problem:  # noqa: BLE001 (told to the thread that waits for the rows)
        last = problem
    _handed_on(last, waiting, enough)


def _handed_on(found: Found, waiting: Queue[Found], enough: Event) -> bool:
    """Puts something into the queue once there is room; tells whether more is wanted."""
    while not enough.is_set():
        try:
            waiting.put(found, timeout=POLL)
            break
        except Full:
            continue
    return not enough.is_set()
