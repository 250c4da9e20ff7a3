"""Which rows of the history the pages need: those of periods that were restated after they were complete."""

from __future__ import annotations

from sqlglot import exp, parse_one

from kpi_pipeline.names import TableRef
from kpi_pipeline.segments import TOTAL

_ASKED = """
SELECT * FROM asked WHERE segment = $1 AND is_complete
QUALIFY count(*) OVER (PARTITION BY kpi, grain, period_start_utc) > 1
"""

OF_TOTALS: tuple[object, ...] = (TOTAL,)
"""What the query asks with, in the order of its numbers."""


def values_restated(table: TableRef) -> exp.Expr:
    """Asks for everything that was said of the totals of restated periods since they were complete."""
    tree = parse_one(_ASKED, dialect="duckdb")
    for one in list(tree.find_all(exp.Table)):
        one.replace(exp.table_(table.name, db=table.schema or None, quoted=True))
    return tree
