"""Partial results in the warehouse, and the ledger of what made them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import sqlglot
from sqlglot import expressions as exp

from kpi_pipeline.names import TableRef
from kpi_pipeline.plan import Reduction, Shape
from kpi_pipeline.sql_parts import sql_table
from kpi_pipeline.store.answers import forget_answers
from kpi_pipeline.store.seen_rows import WHOLE
from kpi_pipeline.store.warehouse import Warehouse, quoted

_LEDGER = TableRef("state", "reduction")
_DICTIONARY = "__keys"


@dataclass(frozen=True)
class Entry:
    """What the ledger says of a reduction: its fingerprint, the versions of the sources it was made from, its days."""

    fingerprint: str
    inputs: Mapping[str, str]
    first_day: date | None
    last_day: date | None
    rows: int
    made_at: datetime


def ledger(warehouse: Warehouse) -> dict[str, Entry]:
    """What is known of every reduction, by the name of its table."""
    found = warehouse.rows(
        f"SELECT reduction, fingerprint, inputs, first_day, last_day, row_count, made_at FROM {quoted(_LEDGER)}"
    )
    return {
        name: Entry(made_of, json.loads(inputs), first, last, rows, at)
        for name, made_of, inputs, first, last, rows, at in found
    }


def replace_partials(
    warehouse: Warehouse,
    reduction: Reduction,
    query: exp.Select,
    *,
    fingerprint: str,
    inputs: Mapping[str, str],
    days: tuple[date, date] | None,
    made_at: datetime,
) -> Entry:
    """Makes a reduction's table, or its days from one on and before another, with its ledger row: all or nothing."""
    with warehouse.transaction():
        made = _coded(warehouse, reduction, query) if reduction.shape is Shape.distinct else query
        if days is None:
            _create(warehouse, reduction, "TABLE", made)
        else:
            warehouse.run(f"DELETE FROM {quoted(reduction.table)} WHERE _day >= ? AND _day < ?", list(days))
            warehouse.run(exp.Insert(this=sql_table(reduction.table), expression=made, by_name=True))
        warehouse.drop(_seen(reduction))
        return _noted(warehouse, reduction, fingerprint, inputs, days, made_at)


def point_at_rows(
    warehouse: Warehouse,
    reduction: Reduction,
    query: exp.Select,
    *,
    fingerprint: str,
    inputs: Mapping[str, str],
    days: tuple[date, date] | None,
    made_at: datetime,
) -> Entry:
    """Makes a reduction's view over its model, with its ledger row; `days` are those on which rows changed.

    Nothing is copied: whoever reads it reads the model's rows.
    """
    with warehouse.transaction():
        _create(warehouse, reduction, "VIEW", query)
        warehouse.drop(_keys(reduction))
        return _noted(warehouse, reduction, fingerprint, inputs, days, made_at)


def leave_there(
    warehouse: Warehouse,
    reduction: Reduction,
    *,
    fingerprint: str,
    inputs: Mapping[str, str],
    days: tuple[date, date] | None,
    made_at: datetime,
) -> Entry:
    """Notes that a reduction's rows stay in a cluster, which is asked for each answer; `days` are those that changed.

    The answers are kept, as those about rows in the warehouse are.
    """
    with warehouse.transaction():
        if warehouse.table_kind(reduction.table):
            warehouse.drop(reduction.table)
        warehouse.drop(_keys(reduction))
        forget_answers(warehouse, reduction, days)
        return _in_ledger(warehouse, reduction, Entry(fingerprint, inputs, None, None, 0, made_at))


def is_kept(warehouse: Warehouse, reduction: Reduction) -> bool:
    """Whether a reduction's partial results are a table, of which some days can be made again."""
    return warehouse.table_kind(reduction.table) == "BASE TABLE"


def has_whole_keys(warehouse: Warehouse, query: exp.Select) -> bool:
    """Whether the keys of a query, if it has any, are whole numbers, so that they are used as they are."""
    return warehouse.columns(query).get("_key", WHOLE[0]) in WHOLE


def partials_query(reduction: Reduction) -> exp.Select:
    """What reads a reduction's table."""
    return exp.select("*").from_(sql_table(reduction.table))


def _create(warehouse: Warehouse, reduction: Reduction, kind: str, query: exp.Select) -> None:
    """Makes the table or view anew, also where the other of the two stood."""
    known = warehouse.table_kind(reduction.table)
    if known and (known == "VIEW") != (kind == "VIEW"):
        warehouse.drop(reduction.table)
    warehouse.run(exp.Create(this=sql_table(reduction.table), kind=kind, replace=True, expression=query))


def _noted(
    warehouse: Warehouse,
    reduction: Reduction,
    fingerprint: str,
    inputs: Mapping[str, str],
    days: tuple[date, date] | None,
    made_at: datetime,
) -> Entry:
    """Writes the ledger row, and forgets the answers that rest on the days made again."""
    if reduction.shape in (Shape.distinct, Shape.values):
        forget_answers(warehouse, reduction, days)
    first, last, rows = warehouse.rows(f"SELECT min(_day), max(_day), count(*) FROM {quoted(reduction.table)}")[0]
    return _in_ledger(warehouse, reduction, Entry(fingerprint, inputs, first, last, rows, made_at))


def _in_ledger(warehouse: Warehouse, reduction: Reduction, entry: Entry) -> Entry:
    warehouse.run(f"DELETE FROM {quoted(_LEDGER)} WHERE reduction = ?", [reduction.table.name])
    inputs = json.dumps(dict(entry.inputs), sort_keys=True)
    warehouse.run(
        f"INSERT INTO {quoted(_LEDGER)} VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            *(reduction.table.name, entry.fingerprint, inputs, entry.first_day, entry.last_day),
            *(entry.rows, entry.made_at),
        ],
    )
    return entry


def _coded(warehouse: Warehouse, reduction: Reduction, query: exp.Select) -> exp.Select:
    """The query with whole numbers for keys: those that are none are kept once, in a dictionary of their own."""
    keys = _keys(reduction)
    kind = warehouse.columns(query)["_key"]
    if kind in WHOLE:
        return query
    if warehouse.table_columns(keys).get("key") != kind:
        warehouse.run(f"CREATE OR REPLACE TABLE {quoted(keys)} (key {kind} NOT NULL, code UINTEGER NOT NULL)")
    seen = _seen(reduction)
    warehouse.run(exp.Create(this=sql_table(seen), kind="TABLE", replace=True, expression=query))
    warehouse.run(
        f"INSERT INTO {quoted(keys)} "
        f"SELECT key, (SELECT coalesce(max(code), 0) FROM {quoted(keys)}) + row_number() OVER (ORDER BY key) "
        f"FROM (SELECT DISTINCT seen._key AS key FROM {quoted(seen)} AS seen "
        f"ANTI JOIN {quoted(keys)} AS known ON seen._key = known.key)"
    )
    # NOTE: a dimension may be called code or key, too.
    coded = (
        f"SELECT seen.* REPLACE (known.code AS _key) FROM {quoted(seen)} AS seen "
        f"JOIN {quoted(keys)} AS known ON seen._key = known.key"
    )
    return exp.select("*").from_(sqlglot.parse_one(coded, read="duckdb", into=exp.Select).subquery("coded"))


def _keys(reduction: Reduction) -> TableRef:
    """The dictionary of keys that are no whole numbers."""
    return TableRef("partial", f"{reduction.table.name}{_DICTIONARY}")


def is_dictionary(table: TableRef) -> bool:
    """Whether a table keeps the keys of a reduction that are no whole numbers."""
    return table.schema == "partial" and table.name.endswith(_DICTIONARY)


def _seen(reduction: Reduction) -> TableRef:
    """Where the keys wait for their numbers; gone once they have them."""
    return TableRef("staging", f"{reduction.table.name}__seen")
