"""Models are made by their definitions; a question goes by those of now."""

from __future__ import annotations

from kpi_pipeline.errors import DataError, DefinitionError, Problem, listed
from kpi_pipeline.names import TableRef
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.pipeline.engine_error import engine_error
from kpi_pipeline.plan import ModelPlan, Plan, fingerprint
from kpi_pipeline.reduce import model_statement
from kpi_pipeline.store.made import defined_by, note_definition


def models_as_defined(context: Context, plan: Plan) -> None:
    """Before a question: models are those of the definitions as they are now, not as the last run found them.

    Views are made again where their definition was changed; what is kept as a table waits for a run.

    Raises:
        DataError: a source was not loaded yet, or a table was made by another definition.
    """
    for model in plan.models:
        noted = defined_by(context.warehouse, model.table)
        if noted == definition_of(plan, model) or (noted is None and model.materialized == "table"):
            continue
        if missing := [one for one in model.sources if context.warehouse.table_kind(TableRef("raw", one)) is None]:
            raise DataError(
                f"The data behind {listed([model.name])} was not loaded yet: there is no raw.{missing[0]}.\n"
                "Hint: `kpi run` loads it; then ask again."
            )
        if model.materialized == "table":
            raise DataError(
                f"Model '{model.name}' was changed since the last run, and it is kept as a table.\n"
                "Hint: `kpi run` makes it again; then ask again."
            )
        context.warehouse.allow_writing()
        make_model(context, plan, model)


def make_model(context: Context, plan: Plan, model: ModelPlan) -> None:
    """Makes a model's view or table, and notes by which definition."""
    known = context.warehouse.table_kind(model.table)
    wanted = "BASE TABLE" if model.materialized == "table" else "VIEW"
    try:
        with context.warehouse.transaction():
            if known and known != wanted:
                context.warehouse.drop(model.table)
            context.warehouse.run(model_statement(model))
            note_definition(context.warehouse, model.table, definition_of(plan, model))
    except context.warehouse.query_errors as problem:
        place = context.project.place("models", model.name, "sql")
        said = engine_error(context.project, model.name, problem)
        raise DefinitionError(
            [Problem(f"Model '{model.name}' cannot be made: {said}", place, "try its SQL in DuckDB's shell")]
        ) from problem


def definition_of(plan: Plan, model: ModelPlan) -> str:
    """The model's definition and those of the models it reads."""
    return fingerprint(model.fingerprint, [definition_of(plan, plan.model(inner)) for inner in model.models])
