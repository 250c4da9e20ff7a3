"""What the tables hold, for a run that found nothing to do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kpi_pipeline.ingest import Staged
from kpi_pipeline.names import TableRef
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.pipeline.report import AssetReport, RunReport
from kpi_pipeline.pipeline.to_postgres import served
from kpi_pipeline.plan import Plan
from kpi_pipeline.store.checks import all_checks
from kpi_pipeline.store.made import made_from


def recalled(
    context: Context, plan: Plan, staged: Mapping[str, Staged], *, seconds: float, published: Mapping[str, Path]
) -> RunReport:
    """The report of a run that changed nothing: sources, models, checks and values as the last run left them."""
    assets = [
        *(
            AssetReport(f"raw/{name}", False, one.state.rows, one.columns, notes=one.notes, version=one.state.version)
            for name, one in staged.items()
        ),
        *(_model(context, model.table) for model in plan.models),
    ]
    checked = [*(one.asset for one in assets), *(f"kpi/{name}" for name in context.project.kpis)]
    return RunReport(
        context.run_id,
        "unchanged",
        seconds,
        published,
        tuple(context.taken),
        tuple(assets),
        all_checks(context.warehouse, checked),
        served=served(context.project),
        crossed=context.clusters.crossed(),
    )


def _model(context: Context, table: TableRef) -> AssetReport:
    version = made_from(context.warehouse, table) or ""
    return AssetReport(
        str(table).replace(".", "/"), False, None, context.warehouse.table_columns(table), version=version
    )
