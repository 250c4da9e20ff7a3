"""Which rows of the history the pages need: those of periods that were restated after they were complete."""

from __future__ import annotations

from sqlglot import exp

from kpi_pipeline.names import TableRef
from kpi_pipeline.publish.scorecard.asked_of import asked_of
from kpi_pipeline.segments import TOTAL

_ASKED = """
SELECT * FROM asked WHERE segment = $1 AND is_complete
QUALIFY count(*) OVER (PARTITION BY kpi, grain, period_start_utc) > 1
"""

OF_TOTALS: tuple[object, ...] = (TOTAL,)
"""What the query asks with, in the order of its numbers."""


def values_restated(table: TableRef) -> exp.Expr:
    """Asks for everything that was said of the totals of restated periods since they were complete."""
    return asked_of(_ASKED, {"asked": table})
