"""A model of the definitions, made ready: its SQL, what it reads, and whether its rows stand for themselves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import sqlglot
from sqlglot import expressions as exp

from kpi_pipeline.errors import DefinitionError, Problem
from kpi_pipeline.models import Model
from kpi_pipeline.plan import ModelPlan
from kpi_pipeline.project import Project


def plan_models(project: Project, names: frozenset[str]) -> tuple[ModelPlan, ...]:
    """The models named and all they read, in the order in which they can be made."""
    made: dict[str, ModelPlan] = {}

    def visit(name: str) -> None:
        if name in made:
            return
        plan = plan_model(project, project.models[name])
        for inner in plan.models:
            visit(inner)
        made[name] = plan

    for name in sorted(names):
        visit(name)
    return tuple(made.values())


def plan_model(project: Project, model: Model) -> ModelPlan:
    """One model: tables are found in its SQL, the zone of its naive moments is that of its sources."""
    read = _read(model.sql or f"SELECT * FROM {model.table}")
    dimensions = {one.name: one.expr or quoted_column(one.name) for one in model.dimensions}
    return ModelPlan(
        name=model.name,
        sql=read.sql,
        materialized=model.materialized,
        sources=read.sources,
        models=read.models,
        naive_zone=model.timezone or _zone(project, model, read),
        project_zone=project.settings.timezone,
        dimensions=dimensions,
        keys={one.name: one.expr or quoted_column(one.name) for one in model.entities},
        row_local=read.row_local,
        row_local_cursor=_row_local_cursor(project, model, read),
        row_local_time=model.agg_time_dimension,
    )


@lru_cache(maxsize=4096)
def quoted_column(name: str) -> str:
    """A column as SQL, also where its name is a word of SQL, such as `order`."""
    return exp.column(name, quoted=True).sql(dialect="duckdb")


@dataclass(frozen=True)
class _Read:
    """What the SQL of a model says by itself."""

    tree: exp.Expr
    sql: str
    """In one spelling."""
    sources: tuple[str, ...]
    models: tuple[str, ...]
    row_local: bool
    """Whether each row of the model comes from one row of its only source."""


@lru_cache(maxsize=1024)
def _read(sql: str) -> _Read:
    """A model's SQL, read once, however many metrics rest on it."""
    tree = sqlglot.parse_one(sql, read="duckdb")
    # NOTE: what a WITH makes has no schema, so it is never taken for a source; names are the same in any case.
    tables = [(table.db.lower(), table.name.lower()) for table in tree.find_all(exp.Table)]
    sources = tuple(dict.fromkeys(name for schema, name in tables if schema == "raw"))
    models = tuple(dict.fromkeys(name for schema, name in tables if schema == "model"))
    row_local = not models and len(sources) == 1 and isinstance(tree, exp.Select)
    row_local = row_local and not tree.find(*_BEYOND_A_ROW) and len(list(tree.find_all(exp.Query))) == 1
    return _Read(tree, tree.sql(dialect="duckdb", comments=False), sources, models, row_local)


def _zone(project: Project, model: Model, read: _Read) -> str:
    zones = {project.sources[name].timezone or project.settings.timezone for name in read.sources}
    zones |= {plan_model(project, project.models[name]).naive_zone for name in read.models}
    if len(zones) > 1:
        raise DefinitionError(
            [
                Problem(
                    f"Model '{model.name}' reads sources in several time zones ({', '.join(sorted(zones))}).",
                    project.place("models", model.name),
                    "convert its moments in the SQL and say which zone they are in: timezone: Europe/London",
                )
            ]
        )
    return zones.pop() if zones else project.settings.timezone


def _row_local_cursor(project: Project, model: Model, read: _Read) -> str | None:
    """The cursor column of the only source, if each row of the model comes from one row and keeps that moment.

    Then a change of some days of the source changes only those days of the model.
    """
    if not read.row_local or model.agg_time_dimension is None:
        return None
    cursor = project.sources[read.sources[0]].load.cursor
    written = model.dimension(model.agg_time_dimension)
    wanted = written.column if written else model.agg_time_dimension
    for projection in read.tree.expressions:
        plain = projection.this if isinstance(projection, exp.Alias) else projection
        if projection.alias_or_name.lower() == wanted.lower() and isinstance(plain, exp.Column):
            return cursor if cursor and plain.name.lower() == cursor.lower() else None
        if isinstance(projection, exp.Star) and cursor and wanted.lower() == cursor.lower():
            changed = any(projection.args.get(key) for key in ("except_", "replace", "rename"))
            return None if changed else cursor
    return None


_BEYOND_A_ROW = (
    exp.Join, exp.Window, exp.AggFunc, exp.Subquery, exp.Distinct, exp.Limit, exp.Offset, exp.Group, exp.CTE,
    exp.Lateral, exp.Pivot, exp.TableSample,
)  # fmt: skip
"""Parts of a query by which a row of its result rests on more than one row."""
