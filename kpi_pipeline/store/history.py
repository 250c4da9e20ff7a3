"""What was said of every KPI value, and since when: written with the values themselves, or not at all.

A row of the history holds from `recorded_at` until `superseded_at`. A value that differs in any column from what was
said before ends one row and begins another; one that is no longer published ends in a row that says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl
from sqlglot import expressions as exp

from kpi_pipeline.names import TableRef
from kpi_pipeline.plan import fingerprint
from kpi_pipeline.store.differences import KEY, NEW, REMOVED, RESTATED, SAID, Causes, differences, note_differences
from kpi_pipeline.store.made import made_from, note_made
from kpi_pipeline.store.refused import REASON_REFUSED
from kpi_pipeline.store.values import MANY, PART, Change
from kpi_pipeline.store.warehouse import Warehouse, quoted

VALUES = TableRef("kpi", "kpi_value")
HISTORY = TableRef("state", "kpi_value_history")
PUBLISHED = TableRef("kpi", "kpi_value_history")
"""The history under the names that KPIs have now."""


@dataclass(frozen=True)
class Kept:
    """From when on rows that no longer hold are kept: those of complete periods, and those of periods in progress."""

    complete: datetime
    in_progress: datetime


@dataclass(frozen=True)
class Recorded:
    """How many values of complete periods are now said differently, and what changed of the published history."""

    restated: int
    change: Change


def record(
    warehouse: Warehouse, change: Change, *, moment: datetime, names: Mapping[str, str], causes: Causes, kept: Kept
) -> Recorded:
    """Keeps what is said from now on of the values that a change brought, and what is no longer said.

    Args:
        warehouse: has the values as they are after the change.
        change: what was changed in the table of KPI values.
        moment: from when on they are the published values; later than any before.
        names: of every KPI that had another name, that name and the one of now.
        causes: what may be the reasons.
        kept: older rows are dropped.
    """
    renamed = _shown_under(warehouse, names, moment)
    if not warehouse.rows(f"SELECT 1 FROM {quoted(HISTORY)} LIMIT 1"):
        _begin(warehouse, moment)
        return Recorded(0, _anew(warehouse))
    with _differing(warehouse, change, names) as differing:
        restated = _supersede(warehouse, differing, moment, causes)
        parts = warehouse.fetch(f"SELECT DISTINCT kpi AS name, month FROM {differing}")
    parts = pl.concat([parts, _forgotten(warehouse, kept)]).unique()
    return Recorded(restated, _anew(warehouse) if renamed else _change(warehouse, parts))


def last_published(warehouse: Warehouse) -> datetime | None:
    """When values were published last."""
    run = quoted(TableRef("state", "run"))
    found: datetime | None = warehouse.rows(
        f"SELECT greatest((SELECT max(published_at) FROM {run}), (SELECT max(recorded_at) FROM {quoted(HISTORY)}))"
    )[0][0]
    return found


def _shown_under(warehouse: Warehouse, names: Mapping[str, str], moment: datetime) -> bool:
    """Shows the history under the names of now; True where these were others before.

    What two KPIs said that are one now ends, but for what was said last.
    """
    version = fingerprint(sorted(names.items()), SAID)
    if made_from(warehouse, PUBLISHED) == version:
        return False
    warehouse.drop(PUBLISHED)
    name = _name_of_now(names)
    warehouse.run(
        f"CREATE VIEW {quoted(PUBLISHED)} AS "
        f"SELECT * REPLACE ({name} AS kpi), kpi AS published_as FROM {quoted(HISTORY)}"
    )
    note_made(warehouse, PUBLISHED, version)
    if names:
        key = ", ".join([name, *KEY[1:]])
        warehouse.run(
            f"UPDATE {quoted(HISTORY)} SET superseded_at = ? WHERE rowid IN (SELECT rowid FROM {quoted(HISTORY)} "
            f"WHERE superseded_at IS NULL QUALIFY row_number() OVER (PARTITION BY {key} "
            f"ORDER BY recorded_at DESC, kpi = {name} DESC) > 1)",
            [moment],
        )
    return True


def _name_of_now(names: Mapping[str, str]) -> str:
    """The name that a KPI of the history has now, as SQL."""
    column = exp.column("kpi", quoted=True)
    if not names:
        return column.sql(dialect=Warehouse.dialect)
    cases = [
        exp.If(this=exp.Literal.string(before), true=exp.Literal.string(now)) for before, now in sorted(names.items())
    ]
    return exp.Case(this=column, ifs=cases, default=column.copy()).sql(dialect=Warehouse.dialect)


def said_last(names: Mapping[str, str]) -> str:
    """A query of what is said now of every value, and of those no longer published: SAID, reason and place."""
    return (
        f"SELECT * REPLACE ({_name_of_now(names)} AS kpi), rowid AS place "
        f"FROM {quoted(HISTORY)} WHERE superseded_at IS NULL"
    )


def said_until(warehouse: Warehouse, closed: pl.DataFrame, names: Mapping[str, str]) -> pl.DataFrame:
    """What is said of complete periods that end by a day: SAID.

    Args:
        warehouse: has the history.
        closed: kpi, grain, breakdown, and through, the day.
        names: of every KPI that had another name, that name and the one of now.
    """
    with warehouse.lent(closed) as asked:
        return warehouse.fetch(
            f"SELECT {', '.join(f'said.{name}' for name in SAID)} FROM ({said_last(names)}) AS said "
            f"JOIN {asked} AS asked ON asked.kpi = said.kpi AND asked.grain = said.grain "
            "AND asked.breakdown = said.breakdown AND said.last_day <= asked.through "
            "WHERE said.is_complete AND said.reason IS DISTINCT FROM ? "
            # NOTE: two KPIs that become one under a new name both said something.
            f"QUALIFY row_number() OVER (PARTITION BY {', '.join(f'said.{name}' for name in KEY)} "
            "ORDER BY said.recorded_at DESC) = 1",
            [REMOVED],
        )


def _begin(warehouse: Warehouse, moment: datetime) -> None:
    """The first values that were ever published."""
    columns = ", ".join(SAID)
    warehouse.run(
        f"INSERT INTO {quoted(HISTORY)} ({columns}, recorded_at, reason) SELECT {columns}, ?, ? FROM {quoted(VALUES)}",
        [moment, NEW],
    )


@contextmanager
def _differing(warehouse: Warehouse, change: Change, names: Mapping[str, str]) -> Iterator[str]:
    """A table of the values that are not as they were said last, with what was said, for as long as the block lasts."""
    now = f"SELECT {', '.join(SAID)}, date_trunc('month', period_start)::DATE AS month FROM {quoted(VALUES)}"
    was = f"SELECT *, date_trunc('month', period_start)::DATE AS month FROM ({said_last(names)})"
    with warehouse.lent(_parts(warehouse, change, names, now, was)) as parts:
        of_parts = f"SEMI JOIN {parts} AS part ON said.kpi = part.name AND said.month = part.month"
        query = differences(f"SELECT * FROM ({was}) AS said {of_parts}", f"SELECT * FROM ({now}) AS said {of_parts}")
        warehouse.run(f"CREATE OR REPLACE TEMPORARY TABLE differing AS {query}")
    try:
        yield "differing"
    finally:
        warehouse.run("DROP TABLE differing")


def _parts(warehouse: Warehouse, change: Change, names: Mapping[str, str], now: str, was: str) -> pl.DataFrame:
    """The months of KPIs in which something may differ: what was changed, or of all what has other sums."""
    if not change.whole:
        fresh = change.rows.select(name=pl.col("kpi").cast(pl.String), month=pl.col("period_start").dt.truncate("1mo"))
        return pl.concat([fresh, change.gone.select(PART)]).with_columns(pl.col("name").replace(dict(names))).unique()
    columns = ", ".join(SAID)
    return warehouse.fetch(
        f"SELECT kpi AS name, month FROM (SELECT kpi, month, hash({columns}) AS hashed FROM ({now}) "
        f"UNION ALL SELECT kpi, month, hash({columns}) FROM ({was}) WHERE reason IS DISTINCT FROM 'removed') "
        "GROUP BY kpi, month HAVING bit_xor(hashed) <> 0"
    )


def _supersede(warehouse: Warehouse, differing: str, moment: datetime, causes: Causes) -> int:
    """Ends what was said and begins what is said now, with its reason; how many complete values are restated."""
    warehouse.run(
        f"UPDATE {quoted(HISTORY)} SET superseded_at = ? "
        f"WHERE rowid IN (SELECT place FROM {differing} WHERE place IS NOT NULL)",
        [moment],
    )
    note_differences(warehouse, HISTORY, differing, moment, causes, known=REASON_REFUSED)
    return int(warehouse.rows(f"SELECT count(*) FROM {differing} WHERE {RESTATED}")[0][0])


def _forgotten(warehouse: Warehouse, kept: Kept) -> pl.DataFrame:
    """Drops what is not to be kept any longer, and names the months of KPIs that it was of."""
    old = "superseded_at < ? OR (superseded_at < ? AND NOT is_complete) OR (recorded_at < ? AND reason = ?)"
    limits = [kept.complete, kept.in_progress, kept.complete, REMOVED]
    parts = warehouse.fetch(
        f"SELECT DISTINCT kpi AS name, date_trunc('month', period_start)::DATE AS month FROM {quoted(PUBLISHED)} "
        f"WHERE {old}",
        limits,
    )
    if parts.height:
        warehouse.run(f"DELETE FROM {quoted(HISTORY)} WHERE {old}", limits)
    return parts


def _change(warehouse: Warehouse, parts: pl.DataFrame) -> Change:
    """The rows of some months of KPIs, to take the place of those that readers have; where they are many, all rows."""
    with warehouse.lent(parts) as asked:
        rows = warehouse.fetch(
            f"SELECT * FROM {quoted(PUBLISHED)} WHERE (kpi, date_trunc('month', period_start)::DATE) IN "
            f"(SELECT (name, month) FROM {asked})"
        )
    anew = _anew(warehouse)
    return anew if rows.height > MANY * anew.height else replace(anew, rows=rows, gone=parts, whole=False)


def _anew(warehouse: Warehouse) -> Change:
    """All rows, which stay where they are until somebody reads them."""
    rows = warehouse.fetch(f"SELECT * FROM {quoted(PUBLISHED)} LIMIT 0")
    part = {"name": pl.String, "month": pl.Date}
    total = pl.DataFrame({"row_count": [warehouse.count(HISTORY)]})
    return Change(PUBLISHED, "kpi", rows, pl.DataFrame(schema=part), total, whole=True)


def moved_at(warehouse: Warehouse, moment: datetime) -> pl.DataFrame:
    """The values of complete periods that changed at a moment: kpi, period_label, segment, was and now."""
    same = " AND ".join(f"now.{name} = was.{name}" for name in KEY)
    return warehouse.fetch(
        f"SELECT now.kpi, now.period_label, now.segment, was.value AS was, now.value AS now "
        f"FROM {quoted(PUBLISHED)} AS now JOIN {quoted(PUBLISHED)} AS was "
        f"ON {same} AND was.superseded_at = now.recorded_at "
        "WHERE now.recorded_at = ? AND was.superseded_at = ? AND was.is_complete "
        "AND now.value IS DISTINCT FROM was.value "
        "AND now.reason IS DISTINCT FROM ? AND was.reason IS DISTINCT FROM ?",
        [moment, moment, REMOVED, REMOVED],
    )
