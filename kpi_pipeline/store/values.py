"""The tables of values, written part by part: what one KPI, or one metric, has in one month.

A part is known by how many rows it has and by their checksum. A part that is as it was published is neither checked nor
written again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import duckdb
import polars as pl

from kpi_pipeline.names import TableRef
from kpi_pipeline.store.warehouse import Warehouse, quoted
from kpi_pipeline.version import VERSION

MONTH = pl.col("period_start").dt.truncate("1mo")
PART = ["name", "month"]
CONTENT = [*PART, "row_count", "checksum"]
PROGRAM = f"kpi_pipeline {VERSION}, polars {pl.__version__}"
"""Checksums and checks are those of a program; what another one noted says nothing."""
MANY = 0.5
"""From what share of changed rows on a table is written anew."""
ROOMY = 1.5
"""How many times its rows a table may hold before it is written anew: rows taken out leave room behind."""


@dataclass(frozen=True)
class Change:
    """What a run changes in a table of values.

    `rows` are those of parts that are new or different, `gone` names the parts that make way for them or are no more,
    and `parts` are all parts the table has afterwards. If the change is `whole`, the table holds these rows only.
    """

    table: TableRef
    key: str
    rows: pl.DataFrame
    gone: pl.DataFrame
    parts: pl.DataFrame
    whole: bool

    @property
    def height(self) -> int:
        """How many rows the table has afterwards."""
        return int(self.parts.get_column("row_count").sum())


def parts_of(rows: pl.DataFrame, key: str) -> pl.DataFrame:
    """The parts that rows make up: name, month, row_count and checksum, whatever the order of the rows.

    >>> from datetime import date
    >>> rows = pl.DataFrame({"kpi": "orders", "period_start": [date(2010, 11, 1), date(2010, 11, 2)], "value": [1, 2]})
    >>> parts_of(rows, "kpi").select("name", "month", "row_count").rows()
    [('orders', datetime.date(2010, 11, 1), 2)]
    """
    texts = rows.cast({pl.Categorical: pl.String})
    return (
        rows.select(name=pl.col(key).cast(pl.String), month=MONTH, checksum=texts.hash_rows(seed=0))
        .group_by(PART)
        .agg(row_count=pl.len().cast(pl.Int64), checksum=pl.col("checksum").bitwise_xor())
        .select(CONTENT)
        .sort(PART)
    )


def change_of(
    warehouse: Warehouse,
    table: TableRef,
    rows: pl.DataFrame,
    *,
    key: str,
    computed: Collection[str],
    defined: Collection[str],
    whole: bool = False,
) -> Change:
    """What becomes of a table of values, given the rows of everything that was computed.

    Args:
        warehouse: has the table as it was last published, if it was.
        table: the table.
        rows: all rows of the names that were computed.
        key: the column that names them.
        computed: the names that were computed.
        defined: the names there are; of those that were not computed the rows stay, the others go.
        whole: take nothing as unchanged.
    """
    kept = sorted(set(defined) - set(computed))
    there = set(warehouse.table_columns(table)) == set(rows.columns)
    before = None if whole or not there else _noted(warehouse, table)
    if before is None:
        if there and kept:
            stay = warehouse.fetch(f"SELECT * FROM {quoted(table)} WHERE list_contains(?, {_column(key)})", [kept])
            rows = pl.concat([rows, stay.select(rows.columns).cast(rows.schema)])
        parts = parts_of(rows, key)
        return Change(table, key, rows, parts.select(PART).clear(), parts, whole=True)
    now = parts_of(rows, key)
    parts = pl.concat([now, before.filter(pl.col("name").is_in(kept))])
    gone = before.join(parts, on=CONTENT, how="anti").select(PART)
    fresh = now.join(before, on=CONTENT, how="anti")
    if not kept and (fresh.get_column("row_count").sum() > MANY * rows.height or _is_roomy(warehouse, table)):
        return Change(table, key, rows, gone.clear(), now, whole=True)
    part_of = rows.select(name=pl.col(key).cast(pl.String), month=MONTH).with_row_index("row")
    places = part_of.join(fresh, on=PART, how="semi").get_column("row").sort()
    return Change(table, key, rows[places], gone, parts, whole=False)


def write_change(warehouse: Warehouse, change: Change) -> None:
    """Makes the table what it should be."""
    if change.whole:
        warehouse.replace_table(change.table, change.rows)
    else:
        with warehouse.lent(change.gone) as gone:
            warehouse.run(without_parts(change, quoted(change.table), gone))
        warehouse.append(change.table, change.rows)
    warehouse.replace_table(_parts_table(change.table), change.parts.with_columns(program=pl.lit(PROGRAM)))


def without_parts(change: Change, table: str, gone: str) -> str:
    """The statement that takes out of a table the parts that another names."""
    return (
        f"DELETE FROM {table} WHERE ({_column(change.key)}, date_trunc('month', period_start)::DATE) IN "
        f"(SELECT (name, month) FROM {gone})"
    )


def rows_and_room(connection: duckdb.DuckDBPyConnection, table: str) -> tuple[int, int]:
    """How many rows a table has, and for how many there is room, those taken out included."""
    rows, room = connection.execute(f"SELECT count(*), coalesce(max(rowid) + 1, 0) FROM {table}").fetchall()[0]
    return int(rows), int(room)


def _is_roomy(warehouse: Warehouse, table: TableRef) -> bool:
    connection = warehouse.connect()
    try:
        rows, room = rows_and_room(connection, quoted(table))
    finally:
        connection.close()
    return room > ROOMY * rows


def _noted(warehouse: Warehouse, table: TableRef) -> pl.DataFrame | None:
    """The parts the table had when it was last written; None where this program does not know them."""
    noted = _parts_table(table)
    if set(warehouse.table_columns(noted)) != {*CONTENT, "program"}:
        return None
    found = warehouse.fetch(f"SELECT * FROM {quoted(noted)}")
    if not found.get_column("program").eq(PROGRAM).all():
        return None
    return found.select(CONTENT)


def _parts_table(table: TableRef) -> TableRef:
    return TableRef(table.schema, f"parts of {table.name}")


def _column(name: str) -> str:
    return f'"{name}"'
