"""Plan to SQL trees: everything that touches raw rows, one pass a model wherever possible.

The trees run on any executor; what differs between engines is written in one file an engine.
"""

from kpi_pipeline.reduce.model import model_statement
from kpi_pipeline.reduce.reduction import reduction_query

__all__ = ["model_statement", "reduction_query"]
