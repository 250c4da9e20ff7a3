"""What is no longer wanted leaves the warehouse: what was kept long enough, and tables of what is no longer defined."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from kpi_pipeline.names import TableRef
from kpi_pipeline.store.partials import is_dictionary
from kpi_pipeline.store.warehouse import Warehouse, quoted
from kpi_pipeline.verdict import CLAIM_KEY

_RUN, _STAGE = quoted(TableRef("state", "run")), quoted(TableRef("state", "run_stage"))
_NOTICE, _EVIDENCE = quoted(TableRef("state", "notice")), quoted(TableRef("state", "evidence"))
_MADE, _LEDGER = quoted(TableRef("state", "made")), quoted(TableRef("state", "reduction"))
_ANSWER = TableRef("partial", "answer")
OF_SOURCES = ("source_file", "source_state", "source_change", "connector_state")
"""The tables of the state that hold rows of a source."""


def forget_runs(warehouse: Warehouse, before: datetime) -> int:
    """Drops runs that began before a moment, their stages, and messages sent before it; how many runs that were.

    The run whose values are the published ones stays, and so do messages that wait, or that a reminder counts on.
    """
    published = f"(SELECT run_id FROM {_RUN} WHERE published_at IS NOT NULL ORDER BY published_at DESC LIMIT 1)"
    old = f"SELECT run_id FROM {_RUN} WHERE started_at < ? AND up_to_date_key IS NULL AND run_id NOT IN {published}"
    found = warehouse.rows(f"SELECT count(*) FROM ({old})", [before])[0][0]
    if found:
        warehouse.run(f"DELETE FROM {_STAGE} WHERE run_id IN ({old})", [before])
        warehouse.run(f"DELETE FROM {_RUN} WHERE run_id IN ({old})", [before])
    warehouse.run(
        f"DELETE FROM {_NOTICE} WHERE coalesce(told_at, given_up_at) < ? AND event <> 'review_overdue'", [before]
    )
    return int(found)


def forget_evidence(warehouse: Warehouse, before: datetime) -> int:
    """Drops results of claims whose place another one took before a moment; how many that were."""
    key = ", ".join(CLAIM_KEY)
    old = (
        "SELECT rowid FROM (SELECT rowid, lead(tested_at) "
        f"OVER (PARTITION BY {key} ORDER BY tested_at, rowid) AS until FROM {_EVIDENCE}) WHERE until < ?"
    )
    found = warehouse.rows(f"SELECT count(*) FROM ({old})", [before])[0][0]
    if found:
        warehouse.run(f"DELETE FROM {_EVIDENCE} WHERE rowid IN ({old})", [before])
    return int(found)


def tables_of_nothing(
    warehouse: Warehouse, *, models: Collection[str], partials: Collection[str]
) -> tuple[TableRef, ...]:
    """The tables and views of models and partial results that no definition asks for any more."""
    found = []
    for schema, name in _tables(warehouse, ("model", "partial")):
        table = TableRef(schema, name)
        wanted = name in models if schema == "model" else table == _ANSWER or _reduction(table) in partials
        if not wanted:
            found.append(table)
    return tuple(found)


def sources_of_nothing(warehouse: Warehouse, sources: Collection[str]) -> tuple[TableRef, ...]:
    """The raw rows, and those in quarantine, of sources that are no longer defined."""
    return tuple(
        TableRef(schema, name) for schema, name in _tables(warehouse, ("raw", "quarantine")) if name not in sources
    )


def remove_tables(warehouse: Warehouse, tables: Collection[TableRef]) -> None:
    """Drops tables with what is known of them: all of them or none."""
    if not tables:
        return
    with warehouse.transaction():
        for table in sorted(tables, key=lambda one: warehouse.table_kind(one) != "VIEW"):
            warehouse.drop(table)
            warehouse.run(f"DELETE FROM {_MADE} WHERE name IN (?, ?)", [str(table), f"definition of {table}"])
            if table.schema == "partial":
                warehouse.run(f"DELETE FROM {_LEDGER} WHERE reduction = ?", [table.name])
                if warehouse.table_kind(_ANSWER):
                    warehouse.run(f"DELETE FROM {quoted(_ANSWER)} WHERE reduction = ?", [table.name])
            if table.schema == "raw":
                for name in OF_SOURCES:
                    warehouse.run(f"DELETE FROM {quoted(TableRef('state', name))} WHERE source = ?", [table.name])


def _tables(warehouse: Warehouse, schemas: Collection[str]) -> list[tuple[str, str]]:
    found = warehouse.rows(
        "SELECT table_schema, table_name FROM information_schema.tables "
        "WHERE table_catalog = current_database() AND list_contains(?, table_schema) ORDER BY ALL",
        [list(schemas)],
    )
    return [(str(schema), str(name)) for schema, name in found]


def _reduction(table: TableRef) -> str:
    """The partial results that a table belongs to: its own, or those that it is the dictionary of."""
    return table.name.rpartition("__")[0] if is_dictionary(table) else table.name
