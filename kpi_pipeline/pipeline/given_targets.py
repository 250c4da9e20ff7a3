"""All numbers that targets give, from the definitions and from the tables of the warehouse."""

from __future__ import annotations

import polars as pl

from kpi_pipeline.judge import inline_targets, table_targets
from kpi_pipeline.project import Project
from kpi_pipeline.store import Warehouse
from kpi_pipeline.store.warehouse import quoted


def given_targets(project: Project, warehouse: Warehouse) -> pl.DataFrame:
    """All targets: those written with the KPIs and those of tables."""
    tables = {kpi.target.table for kpi in project.kpis.values() if kpi.target and kpi.target.table}
    frames = [inline_targets(project)]
    frames += [
        table_targets(project, name, warehouse.fetch(f"SELECT * FROM {quoted(project.table_named(name))}"))
        for name in sorted(tables)
        if warehouse.table_kind(project.table_named(name))
    ]
    return pl.concat(frames)
