"""Expressions are tried on empty tables: what the engine cannot compute is refused before a run meets it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

import sqlglot
from sqlglot import expressions as exp
from sqlglot.errors import SqlglotError

from kpi_pipeline.compile.models import plan_models
from kpi_pipeline.dimensions import UnknownDimension, find_dimension
from kpi_pipeline.errors import DefinitionError, Problem
from kpi_pipeline.load import check_types
from kpi_pipeline.load.fault import Fault
from kpi_pipeline.load.sites import Site, place_in_text, row_expressions
from kpi_pipeline.models import Model
from kpi_pipeline.names import TableRef
from kpi_pipeline.periods import Grain
from kpi_pipeline.pipeline.keys_that_meet import keys_apart
from kpi_pipeline.pipeline.types_wanted import parts_looked_at, unfit
from kpi_pipeline.plan import ModelPlan
from kpi_pipeline.project import Project
from kpi_pipeline.reduce import model_statement
from kpi_pipeline.sql_parts import sql_nothing, sql_table
from kpi_pipeline.store import Warehouse

Typed = Mapping[TableRef, Mapping[str, str]]
METRIC = "metric()"
BESIDE = TableRef("raw", "looked up")


def unbindable(project: Project, columns: Typed) -> tuple[Problem, ...]:
    """A problem for each model and expression that DuckDB cannot carry out, as far as the types of columns are known.

    Args:
        project: A loaded project, whose columns are all there.
        columns: For raw tables the names of their columns and the types DuckDB gives them; tables that are not given,
            or of which a type is not known, are passed over, and so is what rests on them.
    """
    with Warehouse.in_memory() as nothing:
        nothing.shut()
        for table, found in columns.items():
            if found and all(found.values()):
                typed = ", ".join(
                    f"{exp.to_identifier(name, quoted=True).sql('duckdb')} {kind}" for name, kind in found.items()
                )
                nothing.run(f"CREATE TABLE {sql_table(table).sql('duckdb')} ({typed})")
                # NOTE: a row of nothing, without which DuckDB does not look at what is written, as DATE 'yesterday'.
                nothing.run(f"INSERT INTO {sql_table(table).sql('duckdb')} DEFAULT VALUES")
        made: dict[TableRef, Mapping[str, str]] = {}
        return (
            *_tried(project, nothing, made),
            *check_types(project, made),
            *keys_apart(project, partial(_kind_of, nothing, made)),
        )


def _tried(project: Project, nothing: Warehouse, made: dict[TableRef, Mapping[str, str]]) -> Iterator[Problem]:
    """What is wrong with models and expressions; the models that can be `made` are put there, with their columns."""
    for model in _models(project):
        if all(nothing.table_kind(table) for table in _read_by(model)):
            try:
                nothing.run(model_statement(model))
                made[model.table] = nothing.table_columns(model.table)
            except nothing.query_errors as problem:
                place = place_in_text(project, ("models", model.name, "sql"), Fault(""))
                yield Problem(f"Model '{model.name}' cannot be made: {_said(problem)}.", place, "try its SQL in DuckDB")
    for site in row_expressions(project):
        if all(table in made for table in site.tables):
            yield from _expression(project, nothing, site, made)


def _models(project: Project) -> tuple[ModelPlan, ...]:
    """Every model that can be planned; one over sources of several time zones is refused when it is run."""
    try:
        return plan_models(project, frozenset(project.models))
    except DefinitionError:
        return ()


def _read_by(model: ModelPlan) -> Iterator[TableRef]:
    yield from (TableRef("raw", source) for source in model.sources)
    yield from (TableRef("model", inner) for inner in model.models)


def _expression(
    project: Project, nothing: Warehouse, site: Site, made: Mapping[TableRef, Mapping[str, str]]
) -> Iterator[Problem]:
    """What is wrong with an expression over its tables; one that names what is not theirs is for others to judge."""
    try:
        tree = sqlglot.parse_one(site.text, read="duckdb")
    except SqlglotError:
        return
    for table in site.tables:
        beside = _beside(project, nothing, table, tree, made)
        if beside is None:
            continue
        try:
            parts = parts_looked_at(site, tree)
            looked_at = [exp.alias_(exp.paren(_without_metrics(one)), f"it_{at}") for at, one in enumerate(parts)]
            query = exp.select(exp.paren(_without_metrics(tree)), *looked_at).from_(sql_table(table))
            if beside:
                # NOTE: a table of its own, because DuckDB does not look further where a NULL is written.
                nothing.run(
                    exp.Create(this=sql_table(BESIDE), kind="TABLE", replace=True, expression=exp.select(*beside))
                )
                query = query.join(sql_table(BESIDE), join_type="cross")
            kinds = nothing.columns(query)
            nothing.rows(query)
        except nothing.query_errors as problem:
            hint = "try it in DuckDB: does the function exist, do the types fit?"
            yield site.problem(project, Fault(f"cannot be computed: {_said(problem)}", hint=hint))
            return
        for at, part in enumerate(parts):
            if fault := unfit(project, site, part, kinds[f"it_{at}"]):
                yield site.problem(project, fault)
                return


def _beside(
    project: Project, nothing: Warehouse, table: TableRef, tree: exp.Expr, made: Mapping[TableRef, Mapping[str, str]]
) -> list[exp.Expr] | None:
    """What an expression uses beside the columns of its table, each empty but of its type; None if any is not known."""
    known = {name.lower() for name in made[table]}
    kinds = {METRIC: "DOUBLE"} if any(map(_asks_a_metric, tree.walk())) else {}
    for column in tree.find_all(exp.Column):
        if column.name.lower() in known and not column.table:
            continue
        kind = None if column.table else _looked_up(project, nothing, table, column.name, made)
        if kind is None:
            return None
        kinds[column.name] = kind
    return [exp.alias_(sql_nothing(kind), name, quoted=True) for name, kind in kinds.items()]


def _looked_up(
    project: Project, nothing: Warehouse, table: TableRef, name: str, made: Mapping[TableRef, Mapping[str, str]]
) -> str | None:
    """The type of a dimension of another model, or of a period or part of a time; None where it is not known."""
    model = project.models.get(table.name)
    if model is None:
        return None
    try:
        found = find_dimension(project.models, model, name)
    except UnknownDimension:
        return None
    if found.of_time is not None:
        return "DATE" if isinstance(found.of_time, Grain) else "BIGINT"
    there = found.steps[-1].model if found.steps else model
    written = found.dimension.expr or exp.column(found.dimension.name, quoted=True).sql("duckdb")
    return _kind_of(nothing, made, there, written)


def _kind_of(nothing: Warehouse, made: Mapping[TableRef, Mapping[str, str]], model: Model, written: str) -> str | None:
    """The type of an expression over a model's columns; None where the model or the expression is not to be had."""
    there = TableRef("model", model.name)
    if there not in made:
        return None
    try:
        query = exp.select(exp.alias_(f"({written})", "it", dialect="duckdb")).from_(sql_table(there))
        return nothing.columns(query)["it"]
    except nothing.query_errors:
        return None


def _without_metrics(tree: exp.Expr) -> exp.Expr:
    """The expression with a number in the place of each metric that it asks for."""
    return tree.copy().transform(lambda one: exp.column(METRIC, quoted=True) if _asks_a_metric(one) else one)


def _asks_a_metric(part: exp.Expr) -> bool:
    return isinstance(part, exp.Anonymous) and part.name.lower() == "metric"


def _said(problem: Exception) -> str:
    """The first line of what the engine says."""
    return str(problem).split("\n")[0].strip().rstrip(".")
