"""Rows in a lakehouse: what can be asked of rows that stay where they are, what not, and where it says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from kpi_pipeline.engines import SparkEngine
from kpi_pipeline.errors import Problem
from kpi_pipeline.load import cluster_of
from kpi_pipeline.names import TableRef
from kpi_pipeline.project import Project
from kpi_pipeline.sources import LakehouseConnector

Problems = Callable[..., tuple[Problem, ...]]
Loaded = Callable[..., Project]

ONE = "{type: spark, remote: 'sc://one:15002'}"
OTHER = "{type: spark, remote: 'sc://other:15002'}"
SETTINGS = f"project: {{name: lake, engine: {ONE}}}\n"
NO_ENGINE = "project: {name: lake}\n"
NOUNS = """
sources:
  - {name: sales, connector: {type: lakehouse, path: s3a://lake/sales}, load: {cursor: at}}
  - {name: stores, connector: {type: file, path: stores.csv}}
models:
  - {name: sales, table: raw.sales, agg_time_dimension: at, dimensions: [country], entities: [{name: store, type: foreign}]}
  - {name: stores, table: raw.stores, dimensions: [city], entities: [{name: store, type: primary}]}
metrics:
  - {name: revenue, type: simple, model: sales, agg: sum, expr: amount}
"""


def of(settings: str = SETTINGS, more: str = "") -> Mapping[str, str]:
    """The project in three files, of which `it.yaml` is what a test is about."""
    return {"project.yaml": settings, "nouns.yaml": NOUNS, **({"it.yaml": more} if more else {})}


def source(connector: str, more: str = "") -> str:
    return f"sources:\n  - name: lines\n    connector: {{type: lakehouse, {connector}}}\n{more}"


class TestConnector:
    @pytest.mark.parametrize(
        "connector",
        [
            "path: lake/lines",
            "path: /lake/lines/year=2024/*.parquet",
            "path: 's3a://lake/lines', format: parquet",
            "path: 'abfss://lake@acme.dfs.core.windows.net/lines', format: delta",
            "path: 'gs://lake/lines', format: iceberg",
            "table: lines",
            "table: lake.shop.lines",
            "table: 'lake.`my shop`.lines'",
        ],
    )
    def test_sound(self, project: Loaded, connector: str) -> None:
        loaded = project(files=of(more=source(connector)))

        assert loaded.sources["lines"].connector.where in connector
        assert cluster_of(loaded, TableRef("raw", "lines")) == loaded.settings.engine

    @pytest.mark.parametrize(
        ("partition", "by", "grain"),
        [
            ("day", "day", "day"),
            ("{by: 'make_date(year, month, 1)', grain: month}", "make_date(year, month, 1)", "month"),
        ],
    )
    def test_folders_of_days(self, project: Loaded, partition: str, by: str, grain: str) -> None:
        text = source(f"path: lake, partition: {partition}", "    load: {cursor: at}\n")
        connector = project(files=of(more=text)).sources["lines"].connector
        assert isinstance(connector, LakehouseConnector)
        said = connector.partition

        assert said
        assert (said.by, said.grain) == (by, grain)

    @pytest.mark.parametrize(
        ("connector", "line", "message"),
        [
            ("format: delta", 3, "rows in a lakehouse are at a 'path' or in a 'table': write one of the two"),
            ("path: a, table: b", 3, "rows in a lakehouse are at a 'path' or in a 'table': write one of the two"),
            ("table: b, format: delta", 3, "'format' goes with 'path'; the catalog knows that of a 'table'"),
            ("table: a b", 3, "'a b' does not name a table; write it like sales or lake.shop.sales"),
            ("table: a..b", 3, "'a..b' does not name a table; write it like sales or lake.shop.sales"),
            ("path: a, format: csv", 3, "'connector.format' is 'csv', which is not one of 'parquet', 'delta'"),
            ("path: a, partition: day", 2, "'partition' says the days of the cursor: write load: {cursor: ...}"),
            ("path: a, hive: true", 3, "'hive'"),
        ],
    )
    def test_is_refused_where_it_is_written(self, problems: Problems, connector: str, line: int, message: str) -> None:
        [problem] = problems(files=of(more=source(connector)))

        assert message.replace("; ", ".\nHint: ") in str(problem)
        assert problem.place is not None
        assert problem.place.in_file.endswith(f"it.yaml:{line}")

    @pytest.mark.parametrize(
        ("more", "key"),
        [
            ("    load: {mode: append}\n", "mode"),
            ("    load: {mode: merge, key: [id]}\n", "key"),
            ("    columns: {amount: {type: decimal}}\n", "columns"),
            ("    null_values: ['?']\n", "null_values"),
            ("    on_schema_change: freeze\n", "on_schema_change"),
        ],
    )
    def test_nothing_is_done_to_rows_that_are_not_loaded(self, problems: Problems, more: str, key: str) -> None:
        [problem] = problems(files=of(more=source("path: lake/lines", more)))

        assert f"Source 'lines': '{key}' is about loading, and rows of a lakehouse stay" in problem.message
        assert "do what it was to do in the model's SQL" in str(problem)
        assert problem.place is not None
        assert problem.place.in_file.endswith("it.yaml:2")

    def test_nothing_is_set_aside(self, problems: Problems) -> None:
        checks = "    checks: [{type: not_null, columns: [id], severity: quarantine}]\n"
        [problem] = problems(files=of(more=source("path: lake/lines", checks)))

        assert "check 'not_null' has 'severity: quarantine', but rows of a lakehouse stay" in problem.message
        assert "error or warn, and leave such rows out in the model's SQL" in str(problem)


class TestEngine:
    @pytest.mark.parametrize(
        ("remote", "where"),
        [
            ("sc://lake", "lake:15002"),
            ("sc://lake:443/;use_ssl=true;token=s3cret%3D%3D", "lake:443"),
            ("sc://lake.example.org:443/;token=s3cret;x-databricks-cluster-id=0123-s3cret", "lake.example.org:443"),
            ("sc://[::1]:15002/", "[::1]:15002"),
        ],
    )
    def test_says_where_and_no_more(self, project: Loaded, remote: str, where: str) -> None:
        settings = 'project: {name: lake, engine: {type: spark, remote: "${SPARK_REMOTE}"}}\n'
        loaded = project(files=of(settings), variables={"SPARK_REMOTE": remote})
        engine = loaded.settings.engine

        assert engine is not None
        assert engine.where == where
        for text in (repr(engine), str(engine), repr(loaded.settings), loaded.settings.model_dump_json()):
            assert "s3cret" not in text

    @pytest.mark.parametrize(
        ("remote", "message"),
        [
            ("", "looks like sc://host:15002"),
            ("lake:15002", "looks like sc://host:15002"),
            ("spark://lake:7077", "looks like sc://host:15002"),
            ("https://lake:443/;token=s3cret", "looks like sc://host:15002"),
            ("sc://ann:s3cret@lake:443", "looks like sc://host:15002"),
            ("sc://lake:70000/;token=s3cret", "looks like sc://host:15002"),
            ("sc://lake/s3cret", "looks like sc://host:15002"),
            ("sc://lake;token=s3cret", "looks like sc://host:15002"),
            ("sc://lake/;s3cret", "written like ;use_ssl=true;token=abc"),
            ("sc://lake/;token=s3cret==", "with %3D for ="),
            ("sc://lake/;token=s3cret/x", "%2F for / in a token"),
            ("sc://lake/;Token=s3cret", "written like ;use_ssl=true;token=abc"),
            ("sc://lake/;session_id=s3cret", "leave 'session_id' out"),
        ],
    )
    @pytest.mark.parametrize("place", ["project", "model"])
    def test_an_address_is_refused_without_being_shown(
        self, problems: Problems, remote: str, message: str, place: str
    ) -> None:
        engine = 'engine: {type: spark, remote: "${SPARK_REMOTE}"}'
        if place == "project":
            files = of(f"project:\n  name: lake\n  {engine}\n")
        else:
            files = of(more=f"models:\n  - name: lines\n    {engine}\n    table: raw.sales\n")
        [problem] = problems(files=files, variables={"SPARK_REMOTE": remote})

        assert "'engine.remote'" in problem.message
        assert message in str(problem)
        assert "s3cret" not in str(problem) + repr(problem)
        assert problem.place is not None
        assert problem.place.in_file.endswith("project.yaml:3" if place == "project" else "it.yaml:3")

    def test_a_variable_that_is_not_set(self, problems: Problems) -> None:
        settings = 'project: {name: lake, engine: {type: spark, remote: "${SPARK_REMOTE}"}}\n'
        [problem] = problems(files=of(settings))

        assert problem.message == "The environment variable SPARK_REMOTE is not set."
        assert problem.hint == "set it before the run: export SPARK_REMOTE=..."

    def test_what_a_cluster_repeats_of_a_token_is_known(self) -> None:
        engine = SparkEngine.model_validate({"type": "spark", "remote": "sc://lake/;use_ssl=true;token=s3cret%3D"})

        assert engine.secrets == ("s3cret%3D", "s3cret=")


class TestWhichCluster:
    def test_that_of_the_project(self, project: Loaded) -> None:
        loaded = project(files=of())

        assert cluster_of(loaded, TableRef("raw", "sales")) == loaded.settings.engine
        assert cluster_of(loaded, TableRef("model", "sales")) == loaded.settings.engine
        assert cluster_of(loaded, TableRef("raw", "stores")) is None
        assert cluster_of(loaded, TableRef("model", "stores")) is None

    def test_that_of_the_model(self, project: Loaded) -> None:
        more = f"""
            sources: [{{name: visits, connector: {{type: lakehouse, path: lake/visits}}}}]
            models:
              - {{name: visits, table: raw.visits, engine: {OTHER}}}
              - {{name: visitors, sql: SELECT DISTINCT visitor FROM model.visits, engine: {OTHER}}}
        """
        loaded = project(files=of(more=more))

        found = {cluster_of(loaded, TableRef(*one)) for one in (("raw", "visits"), ("model", "visitors"))}
        assert [one.where for one in found if one] == ["other:15002"]
        assert loaded.settings.engine
        assert loaded.settings.engine.where == "one:15002"

    def test_nothing_says_it(self, problems: Problems) -> None:
        [problem] = problems(files=of(NO_ENGINE))

        assert problem.message == "Source 'sales' is in a lakehouse, and nothing says which cluster reads it."
        assert problem.hint == (
            'write engine: {type: spark, remote: "${SPARK_REMOTE}"} in project.yaml, or in the models that read it'
        )
        assert str(problem.place).startswith("definitions/nouns.yaml:2:")

    def test_the_engine_of_another_model_does_not(self, problems: Problems) -> None:
        more = f"""
            sources: [{{name: visits, connector: {{type: lakehouse, path: lake/visits}}}}]
            models: [{{name: visits, table: raw.visits, engine: {OTHER}}}]
        """
        [problem] = problems(files=of(NO_ENGINE, more))

        assert problem.message == "Source 'sales' is in a lakehouse, and nothing says which cluster reads it."

    @pytest.mark.parametrize(
        "files",
        [
            of("project: {name: lake, engine: {type: spark}}\n"),
            of("project: {name: lake, timezone: Nowhere, engine: {type: spark, remote: 'sc://one'}}\n"),
            of(
                NO_ENGINE,
                "models: [{name: lines, table: raw.sales, engine: {type: flink, remote: 'sc://one'}}]\n",
            ),
        ],
    )
    def test_an_engine_that_cannot_be_read_is_said_once(self, problems: Problems, files: Mapping[str, str]) -> None:
        [problem] = problems(files=files)

        assert "nothing says which cluster" not in problem.message

    def test_models_of_several(self, problems: Problems) -> None:
        more = f"models: [{{name: again, table: raw.sales, engine: {OTHER}}}]\n"
        [problem] = problems(files=of(more=more))

        assert problem.message == "Source 'sales' is read by models of several clusters: 'again', 'sales'."
        assert problem.hint == "let them name the same `engine`; or define the source once for each cluster"
        assert str(problem.place).startswith("definitions/nouns.yaml:2:")

    def test_a_model_of_one_reads_that_of_another(self, problems: Problems) -> None:
        more = f"models:\n  - {{name: again, sql: SELECT * FROM model.sales, engine: {OTHER}}}\n"
        [problem] = problems(files=of(more=more))

        assert problem.message == "Model 'again' and model 'sales', which it reads, are of different clusters."
        assert problem.hint == "let both name the same `engine`"
        assert str(problem.place).startswith("definitions/it.yaml:2:")


class TestModels:
    @pytest.mark.parametrize(
        "sql",
        [
            "SELECT * FROM raw.sales WHERE country <> 'x'",
            "WITH big AS (SELECT * FROM raw.sales WHERE amount > 9) SELECT *, row_number() OVER (PARTITION BY store) AS n FROM big",
            "SELECT a.* FROM raw.sales a JOIN model.sales b USING (id)",
        ],
    )
    def test_sound(self, project: Loaded, sql: str) -> None:
        loaded = project(files=of(more=f'models:\n  - {{name: again, sql: "{sql}"}}\n'))

        assert cluster_of(loaded, TableRef("model", "again")) == loaded.settings.engine

    @pytest.mark.parametrize(
        "sql",
        [
            "SELECT * FROM raw.sales JOIN raw.stores USING (store)",
            "SELECT * FROM model.sales JOIN model.stores USING (store)",
        ],
    )
    def test_of_both_places(self, problems: Problems, sql: str) -> None:
        [problem] = problems(files=of(more=f'models:\n  - {{name: both, sql: "{sql}"}}\n'))

        assert problem.message == (
            "Model 'both' reads 'sales' in a lakehouse and 'stores' in the warehouse, and no engine has both."
        )
        assert problem.hint == (
            "make a model of each; metrics are put together after they are reduced, and a model in the warehouse can "
            "be looked up by its entities"
        )
        assert str(problem.place).startswith("definitions/it.yaml:2:")

    def test_an_engine_for_rows_of_the_warehouse(self, problems: Problems) -> None:
        more = f"models:\n  - name: cities\n    table: raw.stores\n    engine: {ONE}\n"
        [problem] = problems(files=of(more=more))

        assert problem.message == (
            "Model 'cities' names an engine, but its sources are loaded into the warehouse: 'stores'."
        )
        assert problem.hint == "leave `engine` out, or give the sources a connector of `type: lakehouse`"
        assert str(problem.place).startswith("definitions/it.yaml:4:")

    def test_none_is_kept_as_a_table(self, problems: Problems) -> None:
        more = "models:\n  - name: again\n    table: raw.sales\n    materialized: table\n"
        [problem] = problems(files=of(more=more))

        assert problem.message == (
            "Model 'again' reads a lakehouse, where nothing is written, so it cannot be kept as a table."
        )
        assert problem.hint == (
            "leave `materialized` out; or have the table made in the lakehouse, and read it as a source"
        )
        assert str(problem.place).startswith("definitions/it.yaml:4:")


class TestLookups:
    """A small model is sent to the cluster; a large one comes from nowhere."""

    RETURNS = """
        sources: [{name: returns, connector: {type: file, path: returns.csv}}]
        models:
          - name: returns
            table: raw.returns
            agg_time_dimension: day
            entities: [{name: sale, type: foreign}, {name: store, type: foreign}]
          - {name: sold, table: raw.sales, dimensions: [country], entities: [{name: sale, type: primary}]}
        metrics:
          - {name: returned, type: simple, model: returns, agg: count}
    """
    KPI = """
        teams: [{{name: shop}}]
        kpis:
          - name: weekly
            metric: {}
            grain: week
            direction: down
            team: shop
            breakdowns: [[], [{}]]
    """
    HINT = (
        "load the sources of model 'sold', such as with a connector of `type: file`; rows of a lakehouse can look up "
        "those of the warehouse, but not the other way round"
    )

    @pytest.mark.parametrize(("metric", "by"), [("revenue", "store__city"), ("returned", "store__city")])
    def test_sound(self, project: Loaded, metric: str, by: str) -> None:
        loaded = project(files={**of(more=self.RETURNS), "kpis.yaml": self.KPI.format(metric, by)})

        assert loaded.kpis["weekly"].breakdowns == ((), (by,))

    def test_a_breakdown(self, problems: Problems) -> None:
        kpis = self.KPI.format("returned", "sale__country")
        [problem] = problems(files={**of(more=self.RETURNS), "kpis.yaml": kpis})

        assert problem.message == (
            "KPI 'weekly' is broken down by 'sale__country', for which model 'returns' would look up rows of model "
            "'sold', which is in a lakehouse, and no engine has both."
        )
        assert problem.hint == self.HINT
        assert str(problem.place).startswith("definitions/kpis.yaml:8:")

    def test_a_filter(self, problems: Problems) -> None:
        more = "metrics:\n  - {name: m, type: simple, model: returns, agg: count, filter: \"sale__country = 'FR'\"}\n"
        [problem] = problems(files={**of(more=self.RETURNS), "more.yaml": more})

        assert problem.message.startswith("Metric 'm': 'filter' uses 'sale__country', for which model 'returns' would")
        assert problem.hint == self.HINT
        assert str(problem.place).startswith("definitions/more.yaml:2:")


class TestTablesThatThePipelineReads:
    @pytest.mark.parametrize("key", ["calendar", "holidays"])
    @pytest.mark.parametrize("table", ["sales", "days"])
    def test_days(self, problems: Problems, key: str, table: str) -> None:
        settings = f"project:\n  name: lake\n  engine: {ONE}\n  {key}: {{table: {table}}}\n"
        days = "sources: [{name: days, connector: {type: lakehouse, path: lake/days}}]\n"
        [problem] = problems(files=of(settings, days))

        assert problem.message == f"'{table}' is in a lakehouse, and the {key} must be in the warehouse."
        assert problem.hint == "load that small table, such as with a connector of `type: file`"
        assert str(problem.place).startswith("definitions/project.yaml:4:")

    def test_targets(self, problems: Problems) -> None:
        more = """
            sources: [{name: plan, connector: {type: lakehouse, path: lake/plan}}]
            teams: [{name: shop}]
            kpis:
              - name: weekly_revenue
                metric: revenue
                grain: week
                direction: up
                team: shop
                target: {type: at_least, table: plan}
        """
        [problem] = problems(files=of(more=more))

        assert problem.message == (
            "'plan' is in a lakehouse, and targets of KPI 'weekly_revenue' must be in the warehouse."
        )
        assert problem.hint == "load that small table, such as with a connector of `type: file`"
        assert str(problem.place).startswith("definitions/it.yaml:9:")


class TestChecks:
    CHECK = "{type: relationships, column: store, to: "

    @pytest.mark.parametrize(
        ("connector", "to"),
        [
            ("{type: lakehouse, path: lake/lines}", "stores"),
            ("{type: file, path: lines.csv}", "sales"),
        ],
    )
    def test_compare_with_nothing_elsewhere(self, problems: Problems, connector: str, to: str) -> None:
        more = f"sources:\n  - name: lines\n    connector: {connector}\n    checks:\n      - {self.CHECK}{to}}}\n"
        renamed = {"nouns.yaml": NOUNS.replace("{name: stores, table", "{name: cities, table").replace(
            "{name: sales, table", "{name: sold, table").replace("model: sales", "model: sold")}  # fmt: skip
        [problem] = problems(files={**of(more=more), **renamed})

        assert problem.message == f"Check 'relationships' looks in '{to}', and no engine has both."
        assert problem.hint == "compare tables that are both in the warehouse, or both in the lakehouse"
        assert str(problem.place).startswith("definitions/it.yaml:5:")

    def test_compare_with_the_same_lakehouse(self, project: Loaded) -> None:
        more = source("path: lake/lines", f"    checks: [{self.CHECK}sales}}]\n")

        assert project(files=of(more=more)).sources["lines"].checks
