"""The published table of sources: how much of each there is, and until when."""

from __future__ import annotations

import polars as pl

from kpi_pipeline.ingest import source_states
from kpi_pipeline.names import TableRef
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.publish import of_rows, table_named
from kpi_pipeline.store import Warehouse
from kpi_pipeline.store.warehouse import quoted


def source_rows(context: Context) -> pl.DataFrame:
    """A row a source of the project, in the order of their names."""
    states = source_states(context.warehouse)
    rows = []
    for name, source in sorted(context.project.sources.items()):
        state, place = states.get(name), context.project.place("sources", name)
        rows.append(
            {
                "source": name,
                "connector": source.connector.type,
                "row_count": state.rows if state else None,
                "rows_quarantined": _waiting(context.warehouse, name) if state else None,
                "newest_day": state.newest_day if state else None,
                "complete_before": state.complete_before if state else None,
                "loaded_at": state.loaded_at if state else None,
                "defined_in": place.in_file if place else None,
            }
        )
    return of_rows(table_named("source_status"), rows)


def _waiting(warehouse: Warehouse, source: str) -> int:
    """How many rows of a source wait in quarantine; those that nobody waits for any more do not count."""
    table = TableRef("quarantine", source)
    columns = warehouse.table_columns(table)
    if not columns:
        return 0
    if "status" not in columns:
        return warehouse.count(table)
    return int(warehouse.rows(f"SELECT count(*) FROM {quoted(table)} WHERE status IS NULL OR status = 'open'")[0][0])
