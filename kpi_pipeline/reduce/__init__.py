"""Plan to SQL trees: everything that touches raw rows, one pass a model wherever possible.

The trees name no engine; the executor that runs them says in which dialect they are written down.
"""

from kpi_pipeline.reduce.asked import ASKED_DAYS, ASKED_SEGMENTS, KNOWN_THEN, known_then, of_spans, stays
from kpi_pipeline.reduce.beside import CALENDAR_DAYS, FIRST_DAY, LAST_DAY
from kpi_pipeline.reduce.keys import repeated_key
from kpi_pipeline.reduce.missing_rates import missing_rate
from kpi_pipeline.reduce.model import model_statement
from kpi_pipeline.reduce.rates import repeated_rate
from kpi_pipeline.reduce.read_again import reads_again
from kpi_pipeline.reduce.reduction import reduction_query
from kpi_pipeline.reduce.spark import spark_sql, spark_view

__all__ = [
    "ASKED_DAYS",
    "ASKED_SEGMENTS",
    "CALENDAR_DAYS",
    "FIRST_DAY",
    "KNOWN_THEN",
    "LAST_DAY",
    "known_then",
    "missing_rate",
    "model_statement",
    "of_spans",
    "reads_again",
    "reduction_query",
    "repeated_key",
    "repeated_rate",
    "spark_sql",
    "spark_view",
    "stays",
]
