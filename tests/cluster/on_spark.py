"""The engine of the tests with Spark behind it: the same tables, put there as views."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import sqlglot
from sqlglot import expressions as exp

from kpi_pipeline.cluster import Spark
from kpi_pipeline.compile.models import plan_models
from kpi_pipeline.derive import Partials
from kpi_pipeline.engines import SparkEngine
from kpi_pipeline.names import TableRef
from kpi_pipeline.pipeline.ask import reaching_as_far
from kpi_pipeline.pipeline.asked_there import AskedThere, rows_there
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.pipeline.lookups import lay_calendar
from kpi_pipeline.pipeline.read_partials import in_parts, partials_of
from kpi_pipeline.plan import Plan, Reduction
from kpi_pipeline.reduce import CALENDAR_DAYS
from tests.engine import Engine


def engine_at(remote: str) -> SparkEngine:
    """What definitions call the server at an address."""
    return SparkEngine.model_validate({"type": "spark", "remote": remote})


def put_there(cluster: Spark, engine: Engine) -> None:
    """Sends the rows of an engine to the cluster, and has its models made over them."""
    for name in engine.tables:
        rows = engine.warehouse.fetch(exp.select("*").from_(exp.table_(name, db="raw", quoted=True)))
        cluster.replace_table(TableRef("raw", name), rows)
    for model in plan_models(engine.project, frozenset(engine.project.models)):
        cluster.view(model.table, sqlglot.parse_one(model.sql, read="duckdb"))
    lay_calendar(engine.context())
    days = exp.select("*").from_(exp.table_(CALENDAR_DAYS.name, db=CALENDAR_DAYS.schema))
    cluster.replace_table(CALENDAR_DAYS, engine.warehouse.fetch(days))


def partials_on(cluster: Spark) -> Callable[[Context, Plan], Partials]:
    """What answers questions from the rows in the cluster."""

    def partials(context: Context, plan: Plan) -> Partials:
        there = {
            one: AskedThere(cluster, partial(rows_there, context, plan, one, cluster), _as_it_is)
            for one in plan.reductions
            if in_parts(one)
        }
        queries = {
            one: rows_there(context, plan, one, cluster, None, None) for one in plan.reductions if one not in there
        }
        engines = dict.fromkeys(queries, cluster)
        found = partials_of(context.warehouse, queries, _refused, engines=engines, elsewhere=there)
        return reaching_as_far(context, plan, found, engines=engines)

    return partials


def _refused(_reduction: Reduction, problem: Exception) -> Exception:
    return problem


def _as_it_is(problem: Exception) -> Exception:
    return problem
