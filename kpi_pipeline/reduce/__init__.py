"""Plan to SQL trees: everything that touches raw rows, one pass a model wherever possible.

The trees name no engine; the executor that runs them says in which dialect they are written down.
"""

from kpi_pipeline.reduce.keys import repeated_key
from kpi_pipeline.reduce.model import model_statement
from kpi_pipeline.reduce.reduction import reduction_query
from kpi_pipeline.reduce.rows import CALENDAR_DAYS, FIRST_DAY, LAST_DAY, uses_calendar

__all__ = [
    "CALENDAR_DAYS",
    "FIRST_DAY",
    "LAST_DAY",
    "model_statement",
    "reduction_query",
    "repeated_key",
    "uses_calendar",
]
