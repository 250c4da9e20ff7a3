"""SQL of definitions and questions reads rows: no file, no network, no setting, no variable, and it writes nothing."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import expressions as exp

from kpi_pipeline.load.sql import tables_read
from kpi_pipeline.sql_guard import looks_elsewhere
from kpi_pipeline.store import Warehouse
from tests.project import Shop

SECRET_FILE = "/etc/passwd"
CONDITIONS = (
    "country = getenv('SHOP_MAIL')",
    "country = main.GetEnv('SHOP_MAIL')",
    "country = \"getenv\"('SHOP_MAIL')",
    "country = 'SHOP_MAIL'.getenv()",
    "country = current_setting('temp_directory')",
    f"country IN (SELECT content FROM read_text('{SECRET_FILE}'))",
    f"EXISTS(FROM '{SECRET_FILE}')",
    f"list_transform([1], x -> (SELECT content FROM read_text('{SECRET_FILE}'))) IS NULL",
    f"list_transform(['{SECRET_FILE}'], x -> read_text(x)) IS NULL",
    "country = 'x'; DROP TABLE raw.sales",
    "1 = 1) OR (1 = 1",
    "country = 'x' UNION SELECT customer FROM raw.sales",
    "country = /* ' */ query('SELECT 1') /* ' */",
    "country = json_execute_serialized_sql('x')",
    "current_user = country",
    "version() > country",
    "sleep_ms(60000) IS NULL",
    "write_log('x') IS NULL",
    "COLUMNS('c.*') = 'c1'",
    "#2 = 1",
    "country = ?",
    "country = $1",
    "(" * 500 + "1" + ")" * 500 + " = 1",
    "NOT " * 3000 + "true",
    "- " * 300 + "1 = 1",
)
QUERIES = (
    f"SELECT content AS ticket FROM read_text('{SECRET_FILE}')",
    f"SELECT * FROM raw.sales, LATERAL (SELECT * FROM glob('{SECRET_FILE}'))",
    f'WITH "{SECRET_FILE}" AS (FROM "{SECRET_FILE}") FROM "{SECRET_FILE}"',
    f"SELECT * FROM raw.sales POSITIONAL JOIN '{SECRET_FILE}'",
    f"SELECT *, (SELECT content FROM read_blob('{SECRET_FILE}')) AS it FROM raw.sales",
    "FROM query('SELECT * FROM raw.sales')",
    "FROM (FROM duckdb_settings())",
    "SELECT * FROM state.run",
    "SELECT *, getenv('SHOP_MAIL') AS it FROM raw.sales",
    "SELECT *, list_transform(['a'], x -> current_setting(x)) AS it FROM raw.sales",
    f"COPY raw.sales TO '{SECRET_FILE}x'",
    f"ATTACH '{SECRET_FILE}' AS other",
    "INSTALL httpfs",
    "PRAGMA database_list",
    "SET enable_external_access = true",
    "SELECT 1; SELECT 2",
)


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda text: text[:30])
def test_question_compares_dimensions_and_does_nothing_else(ran: Shop, condition: str) -> None:
    ran.kpi("query", "revenue", "--where", condition).refuses(2, "condition")


@pytest.mark.parametrize("sql", QUERIES, ids=lambda text: text[:30])
def test_model_reads_sources_and_models_and_nothing_else(shop: Shop, sql: str) -> None:
    written = '"' + sql.replace("\\", "\\\\").replace('"', '\\"') + '"'
    shop.edit("definitions/models.yaml", "SELECT ticket, opened_at, priority, hours FROM raw.tickets", written)
    shop.kpi("check").refuses(2, "definitions/models.yaml:11:", "'ticket'")


def test_expression_and_filter_call_nothing_that_looks_elsewhere(shop: Shop) -> None:
    shop.edit("definitions/metrics.yaml", "expr: amount, unit", "expr: amount + len(getenv('SHOP_MAIL')), unit")
    shop.edit("definitions/metrics.yaml", "agg: count, unit", 'agg: count, filter: "version() > priority", unit')
    said = shop.kpi("check")
    said.refuses(2, "metrics.yaml:2:", "getenv()", "metrics.yaml:11:", "version", "values of the environment")


def test_engine_itself_refuses_what_slips_through(tmp_path: Path) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    own.mkdir()
    other.mkdir()
    (other / "secret.csv").write_text("a\n1\n", encoding="utf-8")
    with Warehouse.open(tmp_path / "warehouse.duckdb") as warehouse:
        warehouse.shut(own)
        warehouse.shut(own)
        for attack in (
            f"SELECT * FROM read_text('{other}/secret.csv')",
            f"SELECT * FROM read_text('{own}/../other/secret.csv')",
            f"SELECT * FROM '{other}/secret.csv'",
            f"SELECT * FROM glob('{other}/*')",
            f"COPY (SELECT 1) TO '{other}/new.csv'",
            f"ATTACH '{other}/new.duckdb' AS other",
            "SELECT * FROM read_csv('https://example.com/x.csv')",
            "INSTALL httpfs",
            "LOAD httpfs",
            "SET enable_external_access = true",
            f"SET allowed_directories = ['{other}']",
        ):
            with pytest.raises(duckdb.Error):
                warehouse.run(attack)
            with pytest.raises(duckdb.Error), warehouse.connect() as another:
                another.execute(attack)
        warehouse.run(f"ATTACH '{own}/kpi.duckdb' AS published")
    assert [one.name for one in other.iterdir()] == ["secret.csv"]


def test_rows_wait_on_the_disk_behind_the_lock_too(tmp_path: Path) -> None:
    with Warehouse.open(tmp_path / "warehouse.duckdb", memory="30 MB") as warehouse:
        warehouse.shut()
        sorted_rows = "SELECT count(*) FROM (SELECT hash(range) AS a FROM range(4000000) ORDER BY 1 OFFSET 3)"
        assert warehouse.rows(sorted_rows) == [(3999997,)]


def test_no_function_of_the_engine_that_reads_or_runs_is_left_out() -> None:
    """Every function whose name says that it leaves the rows is refused, also those of the next DuckDB."""
    with duckdb.connect() as engine:
        found = engine.sql("SELECT DISTINCT function_name FROM duckdb_functions()").fetchall()
    telling = (
        "read_",
        "current_",
        "getenv",
        "getvar",
        "setting",
        "secret",
        "pragma",
        "duckdb_",
        "sleep",
        "glob",
        "attach",
    )
    dates = ("date", "time", "timestamp")
    for (name,) in found:
        if any(part in name for part in telling) and not name.endswith(dates):
            assert any(_is_refused(f"{name}({given})") for given in ("", "1", "'x'")), name


def _is_refused(call: str) -> bool:
    try:
        return any(map(looks_elsewhere, sqlglot.parse_one(call, read="duckdb").walk()))
    except sqlglot.errors.ParseError:
        return False


def test_table_of_a_with_hides_no_file() -> None:
    tree = sqlglot.parse_one(
        'WITH a AS (FROM "x.csv"), "x.csv" AS (FROM a) FROM a JOIN "x.csv" USING (b)', read="duckdb"
    )
    assert isinstance(tree, exp.Query)
    assert [one.name for one in tables_read(tree)] == ["x.csv"]
    own = sqlglot.parse_one("WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) FROM t", read="duckdb")
    assert isinstance(own, exp.Query)
    assert not list(tables_read(own))
