"""What would be said of closed periods if they were not closed: kept with when that came up, and why.

A row holds from `recorded_at` until `superseded_at`: until something else would be said, the period is open again, or
what was said is right after all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

import polars as pl

from kpi_pipeline.names import TableRef
from kpi_pipeline.store.differences import KEY, SAID, Causes, differences, note_differences
from kpi_pipeline.store.warehouse import Warehouse, quoted

REFUSED = TableRef("state", "refused_value")
REASON_REFUSED = (
    f"(SELECT any_value(refused.reason) FROM {quoted(REFUSED)} AS refused WHERE refused.superseded_at IS NULL AND "
    f"{' AND '.join(f'refused.{name} = differing.{name}' for name in KEY)})"
)
"""Why a value of a period that is open again would have been another one, as SQL over a table `differing`."""


def refuse(
    warehouse: Warehouse,
    said: pl.DataFrame,
    would: pl.DataFrame,
    *,
    kpis: Collection[str],
    moment: datetime,
    names: Mapping[str, str],
    causes: Causes,
) -> None:
    """Keeps what would be said of closed periods, where that is not what is said.

    Args:
        warehouse: has what was refused before.
        said: what is said of the closed periods of some KPIs, with the columns SAID.
        would: what would be.
        kpis: these KPIs; what was refused of others stays.
        moment: when that is.
        names: of every KPI that had another name, that name and the one of now.
        causes: what may be the reasons.
    """
    if said.is_empty() and not warehouse.rows(f"SELECT 1 FROM {quoted(REFUSED)} LIMIT 1"):
        return
    for former, name in names.items():
        warehouse.run(f"UPDATE {quoted(REFUSED)} SET kpi = ? WHERE kpi = ?", [name, former])
    with warehouse.lent(said) as was, warehouse.lent(would) as now:
        query = differences(f"SELECT *, NULL AS place, NULL::VARCHAR AS reason FROM {was}", f"FROM {now}")
        warehouse.run(f"CREATE OR REPLACE TEMPORARY TABLE refusing AS {query}")
    try:
        same = " AND ".join(f"refusing.{name} IS NOT DISTINCT FROM refused.{name}" for name in SAID)
        warehouse.run(
            f"UPDATE {quoted(REFUSED)} AS refused SET superseded_at = ? WHERE superseded_at IS NULL "
            f"AND list_contains(?, kpi) AND NOT EXISTS (SELECT 1 FROM refusing WHERE {same})",
            [moment, sorted(kpis)],
        )
        open_ones = f"SELECT 1 FROM {quoted(REFUSED)} AS refused WHERE superseded_at IS NULL AND {same}"
        warehouse.run(f"DELETE FROM refusing WHERE EXISTS ({open_ones})")
        note_differences(warehouse, REFUSED, "refusing", moment, causes)
    finally:
        warehouse.run("DROP TABLE refusing")


def refused_now(warehouse: Warehouse) -> pl.DataFrame:
    """What would be said now of closed periods: SAID, recorded_at and reason."""
    return warehouse.fetch(
        f"SELECT {', '.join(SAID)}, recorded_at, reason FROM {quoted(REFUSED)} WHERE superseded_at IS NULL"
    )


def forget_refused(warehouse: Warehouse, kpis: Collection[str], before: datetime) -> None:
    """Drops what was refused until some time ago, and everything of KPIs that are no longer defined."""
    warehouse.run(
        f"DELETE FROM {quoted(REFUSED)} WHERE superseded_at < ? OR NOT list_contains(?, kpi)", [before, sorted(kpis)]
    )
