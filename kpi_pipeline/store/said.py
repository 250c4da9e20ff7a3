"""By which definitions, targets and program each KPI was published last, and with which changes of its sources."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

import polars as pl

from kpi_pipeline.store.source_changes import SAID
from kpi_pipeline.store.warehouse import Warehouse, quoted


class Said(NamedTuple):
    """What a KPI's published values were made by."""

    kpi: str
    number_version: str
    target_version: str
    rule_version: str
    program: str
    source_change: int
    """The number of the newest change of a source that was known then."""


def last_said(warehouse: Warehouse) -> dict[str, Said]:
    """What is known of each KPI, by the name it was published under."""
    columns = ", ".join(Said._fields)
    return {row[0]: Said(*row) for row in warehouse.rows(f"SELECT {columns} FROM {quoted(SAID)}")}


def note_said(warehouse: Warehouse, said: Iterable[Said], defined: Collection[str]) -> None:
    """Remembers what some KPIs were published by, and forgets those that are no longer defined."""
    rows = pl.DataFrame(list(said), schema=list(Said._fields), orient="row")
    new = rows.get_column("kpi").to_list() if rows.height else []
    warehouse.run(
        f"DELETE FROM {quoted(SAID)} WHERE list_contains(?, kpi) OR NOT list_contains(?, kpi)",
        [new, sorted(defined)],
    )
    if rows.height:
        warehouse.append(SAID, rows)
