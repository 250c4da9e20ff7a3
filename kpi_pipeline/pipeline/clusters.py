"""The clusters that have rows of the project: opened when first asked, with its models made over their rows."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import expressions as exp

from kpi_pipeline.compile.dimensions import columns_of
from kpi_pipeline.compile.models import plan_models
from kpi_pipeline.compile.personal import personal_columns
from kpi_pipeline.engines import SparkEngine
from kpi_pipeline.errors import DataError, DefinitionError, Problem
from kpi_pipeline.ingest import There
from kpi_pipeline.load import cluster_of
from kpi_pipeline.models import Model
from kpi_pipeline.names import TableRef
from kpi_pipeline.pipeline.engine_error import engine_error
from kpi_pipeline.pipeline.report import Crossed
from kpi_pipeline.plan import ModelPlan, Plan, Reduction
from kpi_pipeline.project import Project
from kpi_pipeline.sources import LakehouseConnector
from kpi_pipeline.sql_parts import sql_table
from kpi_pipeline.store import Warehouse

if TYPE_CHECKING:
    from kpi_pipeline.cluster import Spark


@dataclass(frozen=True)
class _Session:
    """A cluster that was asked, and what was made or sent there."""

    spark: Spark
    laid: set[TableRef]


class Clusters:
    """Where the rows of a run or a question are that are not in the warehouse."""

    def __init__(self, project: Project, warehouse: Warehouse) -> None:
        self._project = project
        self._warehouse = warehouse
        self._opened = ExitStack()
        self._known: dict[SparkEngine, _Session] = {}

    def close(self) -> None:
        """Ends every session, and with it whatever was made in it."""
        self._opened.close()

    def crossed(self) -> Crossed | None:
        """What came from the clusters that were asked, and went there; None where none was."""
        told = [one.spark.traffic for one in self._known.values() if one.spark.traffic.is_any]
        if not told:
            return None
        return Crossed(
            sum(one.answers for one in told),
            sum(one.rows for one in told),
            sum(one.bytes for one in told),
            sum(one.rows_sent for one in told),
            sum(one.bytes_sent for one in told),
        )

    def source(self, name: str) -> There | None:
        """A source in a lakehouse; None where its rows are loaded."""
        connector = self._project.sources[name].connector
        engine = cluster_of(self._project, TableRef("raw", name))
        if engine is None or not isinstance(connector, LakehouseConnector):
            return None
        return self._session(engine).spark.lakehouse(name, connector, self._project.root)

    def of(self, table: TableRef) -> Spark | None:
        """The cluster that has a source or model, which is made there; None where it is in the warehouse."""
        engine = cluster_of(self._project, table)
        if engine is None:
            return None
        session = self._session(engine)
        if table.schema == "raw":
            self._lay_source(session, table.name)
        else:
            self._lay_model(session, table.name)
        return session.spark

    def of_pass(self, plan: Plan, reduction: Reduction) -> Spark | None:
        """The cluster that carries out a pass, with what the pass looks up laid beside its rows.

        Raises:
            DataError: what the rows look up is in a lakehouse, and they are not, or in that of another cluster.
        """
        spark = self.of(plan.model(reduction.model).table)
        for model in plan.models_of(reduction):
            if self.of(model.table) is spark:
                continue
            if spark is None or self.of(model.table) is not None:
                raise DataError(
                    f"Model '{reduction.model}' looks up rows of model '{model.name}', which is in a lakehouse, and no "
                    "engine has both.\nHint: load the sources of that model, as with a connector of `type: file`: "
                    "models of a lakehouse can look up those of the warehouse, but not the other way round."
                )
            self.send(spark, model.table, without=_unnamed(self._project, self._project.models[model.name]))
        return spark

    def send(self, spark: Spark, table: TableRef, *, without: Collection[str] = ()) -> None:
        """Sends a small table of the warehouse, to be looked up there; it is gone with the session.

        `without` names columns, in small letters, that are not sent.
        """
        laid = next(one.laid for one in self._known.values() if one.spark is spark)
        if table not in laid:
            known = self._warehouse.columns(exp.select("*").from_(sql_table(table)))
            wanted = [exp.column(name, quoted=True) for name in known if name.lower() not in without]
            spark.replace_table(table, self._warehouse.fetch(exp.select(*wanted).from_(sql_table(table))))
            laid.add(table)

    def _lay_source(self, session: _Session, name: str) -> None:
        connector = self._project.sources[name].connector
        if isinstance(connector, LakehouseConnector):
            session.spark.lakehouse(name, connector, self._project.root).lay()

    def _lay_model(self, session: _Session, name: str) -> None:
        for model in plan_models(self._project, frozenset({name})):
            if model.table in session.laid:
                continue
            for source in model.sources:
                self._lay_source(session, source)
            self._make(session.spark, model)
            session.laid.add(model.table)

    def _make(self, spark: Spark, model: ModelPlan) -> None:
        try:
            spark.view(model.table, sqlglot.parse_one(model.sql, read="duckdb"))
        except spark.query_errors as problem:
            said = engine_error(self._project, model.name, problem)
            place = self._project.place("models", model.name, "sql")
            hint = "try its SQL in Spark; `kpi explain METRIC` shows it"
            raise DefinitionError(
                [Problem(f"Model '{model.name}' cannot be made in the cluster: {said}", place, hint)]
            ) from problem

    def _session(self, engine: SparkEngine) -> _Session:
        if engine not in self._known:
            try:
                # NOTE: pyspark takes a second to import; projects of one machine do without it.
                from kpi_pipeline.cluster import Spark
            except ImportError as problem:
                raise DataError(
                    f"The cluster at {engine.where} is asked by pyspark's client, which is not installed: {problem}.\n"
                    'Hint: pip install "kpi-pipeline[spark]"'
                ) from None
            self._known[engine] = _Session(self._opened.enter_context(Spark.connect(engine)), set())
        return self._known[engine]


def _unnamed(project: Project, model: Model) -> frozenset[str]:
    """The personal columns of a model by which nothing is looked up or broken down: they stay in the warehouse."""
    written = (*(one.key for one in model.entities), *(one.column for one in model.dimensions))
    named = {column.lower() for one in written for column in columns_of(one)}
    return personal_columns(project, model) - named
