"""dbt MetricFlow on DuckDB, through its engine: one joint query a grain and breakdown for 21 metrics.

MetricFlow writes the SQL, DuckDB carries it out and hands the rows over as Arrow, which is faster than MetricFlow's own
table of Python values. A model by day that somebody makes by hand would help it; here it has what the others have.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.answers import Answer
from benchmarks.workload.metrics import BREAKDOWNS, CUMULATIVE, GRAINS, METRICS

if TYPE_CHECKING:
    from benchmarks.process import Clock

PROJECT = "metricflow"
DATABASE = "warehouse.duckdb"
JOINT = tuple(one for one in METRICS if one not in CUMULATIVE)


def compute(data: Path, _clock: Clock) -> list[Answer]:
    """The 21 metrics that are not cumulative."""
    return asked(data, [JOINT])


def asked(data: Path, together: Sequence[Sequence[str]]) -> list[Answer]:
    """The answers of metrics that are asked for together, at every grain and breakdown."""
    import duckdb

    project = data / PROJECT
    engine = _engine(project)
    with duckdb.connect(str(project / DATABASE)) as connection:
        return [
            Answer(grain, breakdown, _renamed(connection.sql(_sql(engine, metrics, grain, breakdown)).to_arrow_table()))
            for metrics in together
            for grain in GRAINS
            for breakdown in BREAKDOWNS
        ]


def _engine(project: Path) -> Any:
    """MetricFlow over the project as dbt parsed it."""
    from dbt_metricflow.cli.cli_configuration import CLIConfiguration

    os.environ["BENCHMARK_DATABASE"] = str(project / DATABASE)
    os.chdir(project)
    configuration = CLIConfiguration()
    configuration.setup(dbt_profiles_path=project, dbt_project_path=project, configure_file_logging=False)
    return configuration.mf


def _sql(engine: Any, metrics: Sequence[str], grain: str, breakdown: str) -> str:
    from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

    names = [f"metric_time__{grain}", *([f"order__{breakdown}"] if breakdown else [])]
    request = MetricFlowQueryRequest.create(metric_names=metrics, group_by_names=names)
    return str(engine.explain(request).sql_statement.sql)


def _renamed(table: Any) -> Any:
    """The table with the names of columns that answers have."""
    names = {one: "period_start" if one.startswith("metric_time") else "segment" for one in table.column_names[:2]}
    return table.rename_columns(
        [names[one] if one.startswith(("metric_time__", "order__")) else one for one in table.column_names]
    )
