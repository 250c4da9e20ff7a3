"""The window of a load: from which value of the cursor on rows are read again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlglot import expressions as exp

from kpi_pipeline.errors import DataError
from kpi_pipeline.ingest.arriving import Moment, Since
from kpi_pipeline.ingest.land import Landed
from kpi_pipeline.ingest.loading import Loading
from kpi_pipeline.ingest.reach import ZONED
from kpi_pipeline.ingest.replaced import is_since
from kpi_pipeline.ingest.staged import Staged
from kpi_pipeline.ingest.tables import full_name, kind_of, row_count
from kpi_pipeline.periods import Grain, Window, shift_day
from kpi_pipeline.sources import DatabaseConnector, DltConnector
from kpi_pipeline.sql_parts import sql_table


def start_of_window(load: Loading, staged: Staged | None = None) -> Since | None:
    """The newest cursor that is not in the future, less the lookback; None where all rows are read.

    A row dated 2099 by mistake must not keep all later ones out. With `staged`, from where on rows will be read once
    that is accepted.
    """
    wanted = load.source.load
    table, columns = (staged.table, staged.columns) if staged else (load.raw, load.in_use)
    if load.afresh or not columns or wanted.cursor is None or wanted.mode == "full":
        return None
    if isinstance(load.source.connector, DltConnector):
        return None
    kind = full_name(columns.get(wanted.cursor, ""))
    cursor = exp.column(wanted.cursor, quoted=True)
    query = exp.select(exp.Max(this=cursor)).from_(sql_table(table))
    if (now := _now(load, kind)) is not None:
        query = query.where(cursor.copy() <= exp.cast(exp.Literal.string(now.isoformat()), kind))
    newest: Moment | None = load.executor.rows(query)[0][0]
    if newest is None:
        return None
    first = _back(load, newest, wanted.lookback) if wanted.lookback else newest
    connector = load.source.connector
    if isinstance(connector, DatabaseConnector) and connector.driver == "sqlite" and isinstance(first, datetime):
        # NOTE: SQLite keeps moments as text, written in several ways that all begin with the day.
        first = first.replace(hour=0, minute=0, second=0, microsecond=0)
    return Since(wanted.cursor, first, kind)


def _now(load: Loading, kind: str) -> datetime | date | None:
    """The moment of the run as a value of the cursor; None where the cursor is no time."""
    here = load.now.astimezone(ZoneInfo(load.zone))
    if kind == "DATE":
        return here.date()
    if kind == ZONED:
        return load.now
    return here.replace(tzinfo=None) if kind.startswith("TIMESTAMP") else None


def _back(load: Loading, newest: Moment, lookback: Window) -> Moment:
    if not isinstance(newest, date):
        raise DataError(
            f"Cursor '{load.source.load.cursor}' of source '{load.source.name}' is no time, so `lookback: {lookback}` "
            "cannot be counted back from it.\nHint: leave `lookback` out, or use a cursor of days or moments."
        )
    if lookback.grain is Grain.hour:
        moment = newest if isinstance(newest, datetime) else datetime.combine(newest, datetime.min.time())
        earlier = moment - timedelta(hours=lookback.count)
        return earlier if isinstance(newest, datetime) else earlier.date()
    day = shift_day(newest.date() if isinstance(newest, datetime) else newest, lookback)
    return datetime.combine(day, newest.timetz()) if isinstance(newest, datetime) else day


def taken_from(load: Loading, landed: Landed, since: Since) -> tuple[Landed, Since, int]:
    """What a function gave without rows from before the window, and the window that it really filled.

    A function may give more than it was asked for, or only what is newer than the newest: rows of before that did not
    come again stay, so the window begins with the first row that came.
    """
    column = next((one for one in landed.columns if one.name == since.column), None)
    if column is None:
        return landed, since, 0
    cursor = exp.TryCast(this=column.value.copy(), to=kind_of(since.kind))
    earlier = exp.not_(is_since(cursor, replace(since, or_unknown=True)))
    (table,) = landed.tables
    load.executor.run(exp.delete(sql_table(table), where=earlier))
    left = row_count(load.executor, table)
    unknown = exp.Count(this=exp.Case(ifs=[exp.If(this=cursor.copy().is_(exp.null()), true=exp.convert(1))]))
    first, without = load.executor.rows(exp.select(exp.Min(this=cursor.copy()), unknown).from_(sql_table(table)))[0]
    filled = replace(since, value=since.value if first is None else first, or_unknown=bool(without))
    return replace(landed, records=left), filled, landed.records - left
