"""Which KPI values the pages need: asked of the database, so that the others are never read."""

from __future__ import annotations

from sqlglot import exp

from kpi_pipeline.names import TableRef
from kpi_pipeline.publish.scorecard.asked_of import asked_of
from kpi_pipeline.publish.scorecard.segment_table import MOST
from kpi_pipeline.segments import TOTAL

PERIODS_OF_TOTAL, PERIODS_OF_SEGMENT = 400, 40
"""The newest periods read of each series: more than any drawing shows, for those that later ones have opened."""

_ASKED = """
WITH newest AS (
  SELECT kpi, grain, max(period_start_utc) AS latest
  FROM asked WHERE is_complete AND segment = $1 GROUP BY kpi, grain
), sized AS (
  SELECT kpi, grain, segment, latest, row_number() OVER (
    PARTITION BY kpi, grain, breakdown ORDER BY abs(coalesce(denominator, value)) DESC NULLS LAST, segment
  ) AS place
  FROM asked JOIN newest USING (kpi, grain) WHERE segment <> $1 AND period_start_utc = latest
), numbered AS (
  SELECT asked.*, latest, place, row_number() OVER (
    PARTITION BY kpi, grain, segment ORDER BY period_start_utc DESC
  ) AS back
  FROM asked LEFT JOIN sized USING (kpi, grain, segment) WHERE segment = $1 OR place IS NOT NULL
)
SELECT * EXCLUDE (latest, place, back) FROM numbered
WHERE (segment = $1 AND back <= $2)
   OR period_start_utc = latest
   OR (place <= $3 AND back <= $4)
"""

PARAMETERS: tuple[object, ...] = (TOTAL, PERIODS_OF_TOTAL, MOST, PERIODS_OF_SEGMENT)
"""What the query asks with, in the order of its numbers."""


def values_shown(table: TableRef) -> exp.Expr:
    """Asks for the totals, all segments in the latest complete period, and the course of the largest ones."""
    return asked_of(_ASKED, {"asked": table})
