"""Which partial results are the model's rows over again, so that keeping them would only be a second copy."""

from __future__ import annotations

from kpi_pipeline.plan import ModelPlan, Reduction, Shape

_A_ROW_EACH = (Shape.distinct, Shape.values)


def reads_again(reduction: Reduction, model: ModelPlan) -> bool:
    """Whether a pass leaves every row as it is, and reading the model's rows costs what reading a copy would.

    Keys and values are a row each, and the answers found from them are kept. So where the model is a table, or only
    chooses rows and columns of one source, its rows are read where they are. What is looked up in other models or
    follows from several rows is worked out once and kept.
    """
    by_itself = model.materialized == "table" or model.row_local
    return reduction.shape in _A_ROW_EACH and by_itself and not reduction.joined and not reduction.events
