"""Whether closed books are what the data says, and what it says otherwise."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

import polars as pl

from kpi_pipeline.checks.naming import FROZEN
from kpi_pipeline.checks.result import CheckResult
from kpi_pipeline.names import TableRef
from kpi_pipeline.pipeline.restated_check import most_moved
from kpi_pipeline.project import Project
from kpi_pipeline.publish import conform, table_named
from kpi_pipeline.segments import TOTAL
from kpi_pipeline.store import Warehouse
from kpi_pipeline.store.differences import KEY
from kpi_pipeline.store.refused import refused_now
from kpi_pipeline.store.warehouse import quoted

_VALUES = TableRef("kpi", "kpi_value")


def refused_table(warehouse: Warehouse) -> pl.DataFrame:
    """The rows of `kpi_refused`: closed values as they are published, beside what the data gives now."""
    refused = refused_now(warehouse)
    with warehouse.lent(refused.select(KEY)) as asked:
        published = warehouse.fetch(
            f"SELECT {', '.join(f'asked.{name}' for name in KEY)}, value, target, status::VARCHAR AS status "
            f"FROM {quoted(_VALUES)} AS said JOIN {asked} AS asked "
            f"ON {' AND '.join(f'asked.{name} = said.{name}' for name in KEY)}"
        )
    said = {name: f"data_{name}" for name in ("value", "target", "status")}
    both = refused.rename(said).join(published, on=KEY, how="left")
    difference = pl.col("data_value") - pl.col("value")
    share = pl.when(pl.col("value") != 0).then(difference / pl.col("value").abs())
    found = both.with_columns(difference=difference, difference_pct=share, noticed_at="recorded_at")
    table = table_named("kpi_refused")
    return conform(table, found.select(table.schema.names()).sort("kpi", "breakdown", "segment", "period_start_utc"))


def frozen_checks(
    project: Project, refused: pl.DataFrame, kpis: Collection[str], moment: datetime
) -> Iterator[CheckResult]:
    """One result for each KPI of which something is closed: whether what is published is what the data says.

    Args:
        project: says what is closed.
        refused: the rows of `kpi_refused`.
        kpis: the KPIs asked about.
        moment: when it was looked at.
    """
    for name in sorted(kpis):
        freeze = project.freeze_of(name)
        if freeze is None:
            continue
        moved = refused.filter(pl.col("kpi").cast(pl.String) == name)
        yield CheckResult(
            asset=f"kpi/{name}",
            check_name=FROZEN,
            severity="warn",
            passed=moved.is_empty(),
            observed=_observed(project, name, moved),
            expected=f"what is published of periods up to {freeze.day} is what the data says",
            failing_rows=moved.height,
            checked_at=moment,
        )


def _observed(project: Project, kpi: str, moved: pl.DataFrame) -> str:
    if moved.is_empty():
        return "no closed value would be another one"
    numbers = moved.select("period_label", "segment", was="value", now="data_value")
    numbers = numbers.filter(pl.col("was").ne_missing(pl.col("now")))
    many = "1 closed value stays" if moved.height == 1 else f"{moved.height:,} closed values stay"
    if numbers.is_empty():
        return f"{many} as published; only what they are made of, targets or statuses would be others"
    totals = numbers.filter(pl.col("segment").cast(pl.String) == TOTAL)
    most = most_moved(project, kpi, totals if totals.height else numbers)
    return f"{many} as published, though the data says something else by now; most of all {most}"
