"""Which metric values the pages of evidence need: those of KPIs that are linked, at the grain they are compared at."""

from __future__ import annotations

from sqlglot import exp, parse_one

from kpi_pipeline.names import TableRef
from kpi_pipeline.segments import TOTAL

PERIODS_COMPARED = 200
"""The newest complete periods read of each series: more than a drawing shows, for what comes before it at long lags."""

_ASKED = """
WITH linked AS (
  SELECT DISTINCT kpi.metric, kpi_evidence.grain
  FROM kpi_evidence JOIN kpi ON kpi.kpi = kpi_evidence.kpi OR kpi.kpi = kpi_evidence.leads_kpi
), numbered AS (
  SELECT metric_value.*, row_number() OVER (
    PARTITION BY metric, grain ORDER BY period_start_utc DESC
  ) AS back
  FROM metric_value JOIN linked USING (metric, grain) WHERE segment = $1 AND is_complete
)
SELECT * EXCLUDE (back) FROM numbered WHERE back <= $2
"""

COMPARED: tuple[object, ...] = (TOTAL, PERIODS_COMPARED)
"""What the query asks with, in the order of its numbers."""


def values_compared(schema: str) -> exp.Expr:
    """Asks the tables of a schema for the series of KPIs that are linked, oldest first or not."""
    tree = parse_one(_ASKED, dialect="duckdb")
    for one in list(tree.find_all(exp.Table)):
        if one.name in ("kpi_evidence", "kpi", "metric_value"):
            real = TableRef(schema, one.name)
            one.replace(exp.alias_(exp.table_(real.name, db=real.schema, quoted=True), one.name, table=True))
    return tree
