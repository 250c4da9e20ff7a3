"""Plan to SQL trees: everything that touches raw rows, one pass a model wherever possible.

The trees name no engine; the executor that runs them says in which dialect they are written down.
"""

from kpi_pipeline.reduce.model import model_statement
from kpi_pipeline.reduce.reduction import reduction_query

__all__ = ["model_statement", "reduction_query"]
