"""Which metric values the pages of evidence need: those of KPIs that are linked, at the grain they are compared at."""

from __future__ import annotations

from sqlglot import exp

from kpi_pipeline.names import TableRef
from kpi_pipeline.publish.scorecard.asked_of import asked_of
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
    return asked_of(_ASKED, {name: TableRef(schema, name) for name in ("kpi_evidence", "kpi", "metric_value")})
