"""How a number is made, from source to value, in words and SQL."""

from __future__ import annotations

from kpi_pipeline.compile import compile_query
from kpi_pipeline.names import TableRef
from kpi_pipeline.periods import Grain
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.plan import ModelPlan, Plan, Reduction, described
from kpi_pipeline.project import Project
from kpi_pipeline.reduce import model_statement, reduction_query


def explain(project: Project, metric: str, context: Context | None = None) -> str:
    """The plan of a metric: sources, models, passes with their SQL, and the formula.

    With a warehouse the SQL is that of the run, types and all; before anything was loaded the passes are described.
    """
    plan = compile_query(project, [metric], by=(), grain=Grain.day, where=None)
    derivation = plan.derivations[metric]
    parts = [
        f"metric {metric}  [{derivation.fingerprint}]",
        *(_source(project, name) for name in derivation.sources),
        *(_model(model) for model in plan.models),
        *(_pass(plan, reduction, context) for reduction in plan.reductions),
        "derive\n" + described(derivation.node, "  "),
        f"  sample size: {derivation.sample}",
    ]
    return "\n\n".join(parts)


def _source(project: Project, name: str) -> str:
    source = project.sources[name]
    where = f"{source.connector.type} {source.connector.path}"
    return f"source raw.{name}\n  {where}, load {source.load.mode}" + (
        f", cursor {source.load.cursor}" if source.load.cursor else ""
    )


def _model(model: ModelPlan) -> str:
    if model.row_local_cursor:
        how = f"row by row: when days of {model.row_local_cursor} change, only those days are reduced again"
    else:
        how = "as a whole: its rows depend on one another or on several tables, so any change reduces it again"
    statement = model_statement(model).sql(dialect="duckdb", pretty=True)
    return f"model {model.table}  ({model.materialized}; {how})\n{_indented(statement)}"


def _pass(plan: Plan, reduction: Reduction, context: Context | None) -> str:
    model = plan.model(reduction.model)
    head = f"reduce {reduction.table}\n" + "\n".join(f"  {one.column} = {one}" for one in reduction.measures)
    if context is None or context.warehouse.table_kind(TableRef("model", model.name)) is None:
        return head
    query = reduction_query(reduction, model, context.warehouse).sql(dialect="duckdb", pretty=True)
    return f"{head}\n{_indented(query)}"


def _indented(text: str) -> str:
    return "\n".join(f"  | {line}" for line in text.splitlines())
