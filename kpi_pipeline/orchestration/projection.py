"""A check a KPI that warns, while its period is still in progress, when it is expected to end off track."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
import polars as pl

from kpi_pipeline.kpis import Kpi, written
from kpi_pipeline.orchestration.keys import key
from kpi_pipeline.pipeline.report import RunReport
from kpi_pipeline.project import Project
from kpi_pipeline.segments import TOTAL
from kpi_pipeline.status import Status

PROJECTED = "projected_status"
NUMBERS = ("value", "projected_value", "projected_low", "projected_high", "target")


def projection_check_specs(project: Project) -> Iterator[dg.AssetCheckSpec]:
    """One for each KPI that can be off track: that has a target or rules."""
    for name, kpi in project.kpis.items():
        if _is_judged(kpi):
            yield dg.AssetCheckSpec(
                PROJECTED,
                asset=key(f"kpi/{name}"),
                description=f"Warns when the {kpi.grain} in progress is expected to end off track.",
            )


def projection_check_results(project: Project, report: RunReport) -> Mapping[dg.AssetCheckKey, dg.AssetCheckResult]:
    """What is expected of the first period of each KPI that is not over; passed where nothing can be said."""
    values = report.kpi_values
    if values.is_empty():
        return {}
    pending = values.filter((pl.col("segment") == TOTAL) & ~pl.col("is_complete")).sort("period_start_utc")
    first = {row["kpi"]: row for row in reversed(pending.to_dicts())}
    there = values.get_column("kpi").unique()
    return {
        dg.AssetCheckKey(key(f"kpi/{name}"), PROJECTED): _result(project, kpi, first.get(name))
        for name, kpi in project.kpis.items()
        if _is_judged(kpi) and name in there and f"kpi/{name}" not in report.blocked
    }


def _is_judged(kpi: Kpi) -> bool:
    return bool(kpi.target or kpi.status.rules)


def _result(project: Project, kpi: Kpi, row: Mapping[str, Any] | None) -> dg.AssetCheckResult:
    status = row["projected_status"] if row else None
    numbers = {} if row is None else {name: row[name] for name in NUMBERS if row[name] is not None}
    known = {name: dg.MetadataValue.float(float(f"{value:.10g}")) for name, value in numbers.items()}
    return dg.AssetCheckResult(
        asset_key=key(f"kpi/{kpi.name}"),
        check_name=PROJECTED,
        passed=status != Status.off_track,
        severity=dg.AssetCheckSeverity.WARN,
        description=_said(project, kpi, row),
        metadata={**known, **({"period": row["period_label"], "status": status or "none"} if row else {})},
    )


def _said(project: Project, kpi: Kpi, row: Mapping[str, Any] | None) -> str:
    if row is None:
        return f"no {kpi.grain} is in progress"
    if row["projected_value"] is None:
        return f"nothing can be said of {row['period_label']} yet"

    def told(name: str) -> str:
        unit = project.metrics[kpi.metric].unit
        return written(row[name], unit, project.settings.currency, beside=row["projected_value"])

    status = (row["projected_status"] or "").replace("_", " ")
    between = f"{told('projected_low')} to {told('projected_high')}"
    return f"{row['period_label']} is heading for {told('projected_value')} ({between}): {status}"
