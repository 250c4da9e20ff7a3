"""The statement that makes a model."""

from __future__ import annotations

import sqlglot
from sqlglot import expressions as exp

from kpi_pipeline.plan import ModelPlan
from kpi_pipeline.sql_parts import sql_table


def model_statement(model: ModelPlan) -> exp.Expr:
    """CREATE OR REPLACE VIEW (or TABLE) of the model's SQL in the schema `model`."""
    table = sql_table(model.table)
    kind = "TABLE" if model.materialized == "table" else "VIEW"
    return exp.Create(this=table, kind=kind, replace=True, expression=sqlglot.parse_one(model.sql, read="duckdb"))
