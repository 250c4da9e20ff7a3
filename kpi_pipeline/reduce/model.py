"""The statement that makes a model."""

from __future__ import annotations

import sqlglot
from sqlglot import expressions as exp

from kpi_pipeline.plan import ModelPlan


def model_statement(model: ModelPlan) -> exp.Expr:
    """CREATE OR REPLACE VIEW (or TABLE) of the model's SQL in the schema `model`."""
    table = exp.table_(model.table.name, db=model.table.schema, quoted=True)
    kind = "TABLE" if model.materialized == "table" else "VIEW"
    return exp.Create(this=table, kind=kind, replace=True, expression=sqlglot.parse_one(model.sql, read="duckdb"))
