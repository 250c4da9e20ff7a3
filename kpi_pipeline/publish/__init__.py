"""The published tables, and the forms in which readers get them."""

from kpi_pipeline.publish.contract import SCHEMA_VERSION, TABLES, table_named
from kpi_pipeline.publish.ddl import table_statements
from kpi_pipeline.publish.definition_tables import definition_tables
from kpi_pipeline.publish.definition_version import project_version
from kpi_pipeline.publish.kept import Keeping, keep_snapshot, kept_snapshots
from kpi_pipeline.publish.parquet import write_parquet
from kpi_pipeline.publish.scorecard import write_scorecard
from kpi_pipeline.publish.table import conform, empty_frame, encoded, of_rows
from kpi_pipeline.publish.value_tables import (
    calendar_tables,
    in_batches,
    indicator_table,
    metric_values,
    segments,
)
from kpi_pipeline.publish.views import all_views, view_statements

__all__ = [
    "SCHEMA_VERSION",
    "TABLES",
    "Keeping",
    "all_views",
    "calendar_tables",
    "conform",
    "definition_tables",
    "empty_frame",
    "encoded",
    "in_batches",
    "indicator_table",
    "keep_snapshot",
    "kept_snapshots",
    "metric_values",
    "of_rows",
    "project_version",
    "segments",
    "table_named",
    "table_statements",
    "view_statements",
    "write_parquet",
    "write_scorecard",
]
