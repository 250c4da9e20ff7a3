"""The published file of both projects, opened as a BI tool opens it, keeps what the design of the tables promises."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from sqlglot import Dialect

from kpi_pipeline.api import LoadedProject
from kpi_pipeline.publish.contract import SCHEMA_VERSION, TABLES
from kpi_pipeline.publish.table import ColumnType, Table

PERIOD = "grain period_start period_end last_day period_label"
VALUE = "value numerator denominator sample_size"
TARGET = "target target_low target_high target_provenance attainment variance status status_rule"

DESIGNED = {
    "snapshot": "run_id published_at schema_version definition_version data_through",
    "kpi": "kpi label description metric formula unit display_format currency direction grain goal team owner indicator"
    " framework perspective parent_kpi target_type review_every last_reviewed review_due definition_version defined_in",
    "goal": "goal label statement framework perspective parent_goal team owner period_start period_end weight ambition",
    "kpi_goal": "kpi goal weight",
    "team": "team label parent_team manager",
    "person": "person label team manager",
    "review": "kpi reviewed_at reviewer decision",
    "metric": "metric label description metric_type formula unit owner definition_version",
    "calendar": "day iso_year iso_week is_holiday week_start month_start quarter_start year_start",
    "calendar_period": f"calendar_name {PERIOD} period_number year_number previous_start year_ago_start",
    "segment": "segment breakdown dimension dimension_value label",
    "kpi_value": f"kpi {PERIOD} breakdown segment {VALUE} {TARGET} previous_value change change_pct year_ago_value"
    " year_over_year_pct is_complete projected_value projected_low projected_high projected_status annotation",
    "metric_value": f"metric {PERIOD} breakdown segment {VALUE} is_complete",
    "goal_score": "goal period_start period_end score status kpis_on_track kpis_at_risk kpis_off_track"
    " kpis_in_progress kpis_no_target kpis_no_data kpis_total roll_up",
    "kpi_indicator": "kpi viewpoint indicator outcome_kpi path reason",
    "kpi_evidence": "kpi leads_kpi grain expected_lag expected_sign verdict measured_lag correlation p_value p_adjusted"
    " granger_p reverse_p skill periods seasonality_removed differenced stability tested_at input_hash",
    "kpi_value_history": f"kpi {PERIOD} breakdown segment {VALUE} {TARGET} recorded_at superseded_at reason",
    "check_result": "asset check_name severity passed observed expected failing_rows checked_at",
    "lint_result": "rule level subject message hint defined_in",
    "lineage": "downstream upstream kind column_name",
    "run": "run_id started_at finished_at status definition_version rows_read rows_quarantined values_computed"
    " values_restated",
    "run_stage": "run_id stage seconds peak_mb rows_out",
}
"""The design's tables and columns. There may be more of both, and there are; nothing of it is missing or renamed."""

TYPES = {kind: str(kind.value).replace("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE") for kind in ColumnType}
"""How DuckDB writes the types of the contract."""

ALWAYS_THERE = {"scorecard", "kpi_latest"}
RESERVED_ELSEWHERE = {"change": "MySQL; the word is the design's, and MySQL takes it in backquotes"}

NAMES = {
    "kpi": "kpi parent_kpi leads_kpi outcome_kpi",
    "goal": "goal parent_goal",
    "team": "team parent_team viewpoint",
    "person": "person owner manager reviewer",
    "metric": "metric",
    "segment": "segment",
    "run": "run_id",
}
"""A table -> the columns, of whichever table, that name a row of it. All hold the name, so the first one is its key."""

MAY_NAME_WHAT_IS_GONE = {("kpi_value_history", "kpi"), ("kpi_value_history", "segment")}
"""A value as it was published once may be of a KPI or a segment that is no more."""


@pytest.fixture(
    params=[
        pytest.param("shipped", marks=pytest.mark.xdist_group("shipped")),
        pytest.param("adventureworks", marks=pytest.mark.xdist_group("adventureworks")),
    ]
)
def file(request: pytest.FixtureRequest) -> Iterator[duckdb.DuckDBPyConnection]:
    """A published file and nothing else: neither our package nor its settings."""
    copy: LoadedProject = request.getfixturevalue(request.param)
    with duckdb.connect(str(copy.project.path(copy.project.settings.publish.duckdb)), read_only=True) as reader:
        reader.execute("SET TimeZone = 'UTC'")
        yield reader


def test_the_contract_has_all_that_was_designed() -> None:
    columns = {table.name: set(table.schema.names()) for table in TABLES}
    missing = {name: set(words.split()) - columns.get(name, set()) for name, words in DESIGNED.items()}
    assert {name: gone for name, gone in missing.items() if gone} == {}


def test_tables_columns_types_and_words_are_those_of_the_contract(file: duckdb.DuckDBPyConnection) -> None:
    tables = file.sql("SELECT table_name, comment FROM duckdb_tables() WHERE schema_name = 'main'").fetchall()
    assert {name: comment.removesuffix(_key(name)) for name, comment in tables} == {t.name: t.comment for t in TABLES}

    columns = file.sql("""
        SELECT columns.table_name, column_name, data_type, is_nullable, columns.comment
        FROM duckdb_columns() AS columns JOIN duckdb_tables() USING (table_oid)
        ORDER BY columns.table_name, column_index
    """).fetchall()
    promised = [(t.name, c.name, TYPES[c.type], c.nullable, c.comment) for t in TABLES for c in t.columns]
    assert columns == sorted(promised, key=lambda column: column[0])


def _key(name: str) -> str:
    table: Table = next(table for table in TABLES if table.name == name)
    return f". Key: {', '.join(table.key)}" if table.key else ""


def test_views_explain_every_column(file: duckdb.DuckDBPyConnection) -> None:
    views = file.sql("SELECT view_name, comment FROM duckdb_views() WHERE NOT internal").fetchall()
    grains = {grain for (grain,) in file.sql("SELECT DISTINCT grain FROM kpi_value").fetchall()}
    assert ALWAYS_THERE | {f"kpi_wide_{grain}" for grain in grains} <= {name for name, _ in views}
    assert all(comment for _, comment in views)
    silent = "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal AND coalesce(comment, '') = ''"
    assert file.sql(silent).fetchall() == []
    file.sql("FROM kpi_as_of((SELECT published_at FROM snapshot))")


def test_information_schema_shows_them_unqualified(file: duckdb.DuckDBPyConnection) -> None:
    """What a BI tool lists; names work without a schema, and none must be quoted."""
    listed = file.sql(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'main' AND table_type = 'BASE TABLE'"
    ).fetchall()
    assert {name for (name,) in listed} == {table.name for table in TABLES}
    for table in TABLES:
        file.sql(f"SELECT {', '.join(table.schema.names())} FROM {table.name}")


def test_no_column_bears_a_reserved_word() -> None:
    common = ("postgres", "bigquery", "snowflake", "redshift", "trino", "mysql", "tsql", "sqlite")
    reserved = {word.casefold() for name in common for word in Dialect[name].generator_class.RESERVED_KEYWORDS}
    words = {column.name for table in TABLES for column in table.columns}
    assert words & reserved == RESERVED_ELSEWHERE.keys()


def test_types_are_plain(file: duckdb.DuckDBPyConnection) -> None:
    """Views as well as tables: DuckDB, PostgreSQL and Parquet carry the same."""
    found = file.sql("SELECT DISTINCT data_type FROM duckdb_columns() WHERE NOT internal").fetchall()
    assert {kind for (kind,) in found} <= set(TYPES.values())


def test_no_number_is_nan_or_infinite(file: duckdb.DuckDBPyConnection) -> None:
    numbers = file.sql(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal AND data_type = 'DOUBLE'"
    ).fetchall()
    assert numbers
    for table, column in numbers:
        assert file.sql(f'SELECT * FROM "{table}" WHERE NOT isfinite("{column}")').fetchall() == [], (table, column)


def test_keys_are_keys(file: duckdb.DuckDBPyConnection) -> None:
    for table in TABLES:
        if table.key:
            twice = f"SELECT {', '.join(table.key)} FROM {table.name} GROUP BY ALL HAVING count(*) > 1"
            assert file.sql(twice).fetchall() == [], table.name


def test_names_are_those_of_rows(file: duckdb.DuckDBPyConnection) -> None:
    tried = 0
    for target, columns in NAMES.items():
        key, *_ = columns.split()
        for table in TABLES:
            for column in set(columns.split()) & set(table.schema.names()):
                if (table.name, column) in MAY_NAME_WHAT_IS_GONE:
                    continue
                lost = f"SELECT DISTINCT {column} FROM {table.name} WHERE {column} NOT IN (SELECT {key} FROM {target})"
                assert file.sql(lost).fetchall() == [], (table.name, column)
                tried += 1
    assert tried > 50


def test_a_segment_is_of_the_breakdown_it_says(file: duckdb.DuckDBPyConnection) -> None:
    for table in TABLES:
        if {"segment", "breakdown"} <= set(table.schema.names()):
            lost = f"SELECT segment, breakdown FROM {table.name} EXCEPT SELECT segment, breakdown FROM segment"
            # NOTE: of the drivers of a breakdown, mix and what does not add up are those of all its segments together.
            whole = "segment = 'all'" if table.name == "kpi_driver" else "false"
            assert file.sql(f"FROM ({lost}) WHERE NOT {whole}").fetchall() == [], table.name


def test_lineage_names_what_there_is(file: duckdb.DuckDBPyConnection) -> None:
    for kind in ("kpi", "metric", "goal"):
        lost = f"""
            SELECT DISTINCT name FROM (SELECT downstream AS name FROM lineage UNION ALL SELECT upstream FROM lineage)
            WHERE starts_with(name, '{kind}/') AND name NOT IN (SELECT '{kind}/' || {kind} FROM {kind})
        """
        assert file.sql(lost).fetchall() == []


@pytest.mark.parametrize(("table", "name"), [("kpi_value", "kpi"), ("metric_value", "metric")])
def test_values_are_dense(file: duckdb.DuckDBPyConnection, table: str, name: str) -> None:
    """From its first period to its last, every KPI and metric has a row for each period of the calendar and segment."""
    holes = file.sql(f"""
        WITH span AS (
            SELECT {name}, grain, min(period_start) AS since, max(period_start) AS until
            FROM {table} WHERE grain <> 'hour' GROUP BY ALL
        ),
        segments AS (SELECT DISTINCT {name}, grain, segment FROM {table}),
        wanted AS (
            SELECT {name}, grain, segment, period_start_utc
            FROM span JOIN segments USING ({name}, grain)
            JOIN calendar_period USING (grain) WHERE period_start BETWEEN since AND until
        )
        (FROM wanted EXCEPT SELECT {name}, grain, segment, period_start_utc FROM {table})
        UNION ALL
        (SELECT {name}, grain, segment, period_start_utc FROM {table} WHERE grain <> 'hour' EXCEPT FROM wanted)
    """)
    assert holes.fetchall() == []
    totals = f"SELECT DISTINCT {name}, grain FROM {table} WHERE segment = 'all'"
    assert file.sql(f"SELECT DISTINCT {name}, grain FROM {table} EXCEPT {totals}").fetchall() == []


def test_every_kpi_has_values_up_to_its_day(file: duckdb.DuckDBPyConnection) -> None:
    """All that counts as the past to a KPI has a row, and what is over is complete."""
    short = """
        SELECT kpi, as_of, max(period_end) FROM kpi LEFT JOIN kpi_value USING (kpi)
        GROUP BY ALL HAVING max(period_end) IS NULL OR max(period_end) < as_of
    """
    assert file.sql(short).fetchall() == []
    unsure = "SELECT kpi, period_start FROM kpi_value JOIN kpi USING (kpi) WHERE is_complete AND period_end > as_of"
    assert file.sql(unsure).fetchall() == []


@pytest.mark.parametrize("table", ["kpi_value", "metric_value"])
def test_a_value_is_its_numerator_by_its_denominator(file: duckdb.DuckDBPyConnection, table: str) -> None:
    given = "numerator IS NOT NULL AND denominator <> 0"
    assert file.sql(f"SELECT count(*) > 0 FROM {table} WHERE {given}").fetchall() == [(True,)]
    apart = "value IS NULL OR abs(value - numerator / denominator) > 1e-12 * abs(value)"
    assert file.sql(f"SELECT * FROM {table} WHERE {given} AND ({apart})").fetchall() == []
    assert file.sql(f"SELECT * FROM {table} WHERE denominator = 0 AND value IS NOT NULL").fetchall() == []


def test_there_is_one_snapshot(file: duckdb.DuckDBPyConnection) -> None:
    assert file.sql("SELECT schema_version FROM snapshot").fetchall() == [(SCHEMA_VERSION,)]
