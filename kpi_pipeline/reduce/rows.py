"""The rows a reduction reads."""

from __future__ import annotations

from sqlglot import expressions as exp

from kpi_pipeline.plan import ModelPlan, Reduction


def rows_of(model: ModelPlan, _reduction: Reduction) -> exp.Table:
    """What stands behind FROM: the model's table or view."""
    return exp.table_(model.table.name, db=model.table.schema, quoted=True)
