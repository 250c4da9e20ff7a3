"""Every reduction of every case can be asked of Spark: it is written down for it, parses again, and calls what it has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlglot
from sqlglot import exp

from kpi_pipeline.compile import compile_query
from kpi_pipeline.errors import DefinitionError
from kpi_pipeline.periods import Grain
from kpi_pipeline.pipeline.lookups import lay_calendar
from kpi_pipeline.reduce import reduction_query
from kpi_pipeline.reduce.spark import KNOWN_TO_SPARK, functions_called, spark_sql
from kpi_pipeline.sql_parts import CLOCK, INSTANT, sql_in_zone
from tests.cases.test_cases import CASES, Case, Worlds


@pytest.fixture(scope="module")
def worlds() -> Iterator[Worlds]:
    made = Worlds()
    yield made
    made.close()


@pytest.mark.parametrize(
    "file", sorted({case.file for case in CASES}), ids=lambda file: f"{file.parent.name}/{file.stem}"
)
def test_reductions_of_a_file_are_spark_sql(file: object, worlds: Worlds) -> None:
    seen = set()
    for case in CASES:
        if case.file == file:
            for tree in _reductions(case, worlds):
                text = spark_sql(tree)
                if text not in seen:
                    seen.add(text)
                    assert isinstance(sqlglot.parse_one(text, read="spark"), exp.Query)
                    assert functions_called(text) <= KNOWN_TO_SPARK
                    assert '"' not in text.replace("''", "")
    assert seen


def _reductions(case: Case, worlds: Worlds) -> Iterator[exp.Query]:
    on_rows, *_ = worlds.of(case)
    asks = case.asks
    grain = Grain(asks["grain"]) if asks.get("grain") else None
    lay_calendar(on_rows.context())
    plan = compile_query(on_rows.project, case.metrics, by=asks.get("by", ()), grain=grain, where=asks.get("where"))
    for reduction in plan.reductions:
        yield reduction_query(reduction, plan.model(reduction.model), on_rows.warehouse)


@pytest.mark.parametrize(
    ("written", "in_spark"),
    [
        ("bool_or(coalesce(a > 1, false))", "BOOL_OR(COALESCE(a > 1, FALSE))"),
        ("try_cast(a AS DECIMAL(38, 9))", "TRY_CAST(a AS DECIMAL(38, 9))"),
        ("sum(CASE WHEN kept THEN a END)", "SUM(CASE WHEN kept THEN a END)"),
        ("CAST(sum(a) AS BIGINT)", "CAST(SUM(a) AS BIGINT)"),
        ("CAST(a AS HUGEINT)", "CAST(a AS DECIMAL(38, 0))"),
        ("CAST(a AS UINTEGER)", "CAST(a AS BIGINT)"),
        ("CAST('2024-03-01' AS DATE)", "CAST('2024-03-01' AS DATE)"),
        ("CAST(a AS TIMESTAMP)", "CAST(a AS TIMESTAMP_NTZ)"),
        ("CAST(a AS TIMESTAMPTZ)", "CAST(a AS TIMESTAMP)"),
        ("a / b", "CAST(a AS DOUBLE) / NULLIF(b, 0)"),
        ("a / 100", "CAST(a AS DOUBLE) / 100"),
        ("(a + 1) / (b - c)", "CAST(a + 1 AS DOUBLE) / NULLIF(b - c, 0)"),
        ("a / b / c", "CAST(CAST(a AS DOUBLE) / NULLIF(b, 0) AS DOUBLE) / NULLIF(c, 0)"),
        ("a % b", "a % NULLIF(b, 0)"),
        ("a // b", "a DIV NULLIF(b, 0)"),
        ("a + INTERVAL 2 QUARTER", "a + INTERVAL '6' MONTH"),
        ("a + INTERVAL 90 DAY", "a + INTERVAL '90' DAY"),
        ("extract(dow FROM a)", "(DAYOFWEEK(a) - 1)"),
        ("dayofweek(a)", "(DAYOFWEEK(a) - 1)"),
        ("weekday(a)", "(DAYOFWEEK(a) - 1)"),
        ("date_part('dow', a)", "(DAYOFWEEK(a) - 1)"),
        ("extract(isodow FROM a)", "((DAYOFWEEK(a) + 5) % 7 + 1)"),
        ("isodow(a)", "((DAYOFWEEK(a) + 5) % 7 + 1)"),
        ("extract(isoyear FROM a)", "EXTRACT(YEAROFWEEK FROM a)"),
        ("extract(week FROM a)", "EXTRACT(WEEK FROM a)"),
        ("date_trunc('month', a)", "DATE_TRUNC('MONTH', a)"),
        ("a IS DISTINCT FROM b", "a IS DISTINCT FROM b"),
        ("starts_with(a, 'C')", "STARTSWITH(a, 'C')"),
        ("regexp_matches(a, '^C')", "a RLIKE '^C'"),
        ("'it''s'", "'it\\'s'"),
        ('"Customer ID"', "`Customer ID`"),
        ("arg_max(a, b)", "MAX_BY(a, b)"),
        ("row_number() OVER (PARTITION BY a ORDER BY b)", "ROW_NUMBER() OVER (PARTITION BY a ORDER BY b NULLS LAST)"),
        (
            "last_value(a IGNORE NULLS) OVER (PARTITION BY b ORDER BY c)",
            "LAST_VALUE(a) IGNORE NULLS OVER (PARTITION BY b ORDER BY c NULLS LAST)",
        ),
    ],
)
def test_what_spark_says_for_it(written: str, in_spark: str) -> None:
    assert spark_sql(sqlglot.parse_one(written, read="duckdb")) == in_spark


def test_a_clock_of_one_zone_in_another() -> None:
    instant = sql_in_zone(exp.column("sold_at"), "Asia/Kathmandu", gives=INSTANT)
    assert spark_sql(instant) == "CAST(CONVERT_TIMEZONE('Asia/Kathmandu', 'UTC', sold_at) AS TIMESTAMP)"
    assert spark_sql(sql_in_zone(exp.column("sold_at"), "Europe/London", gives=CLOCK)) == (
        "CONVERT_TIMEZONE('UTC', 'Europe/London', CAST(sold_at AS TIMESTAMP_NTZ))"
    )
    assert spark_sql(sql_in_zone(instant, "Europe/London")) == (
        "CONVERT_TIMEZONE('UTC', 'Europe/London', "
        "CAST(CAST(CONVERT_TIMEZONE('Asia/Kathmandu', 'UTC', sold_at) AS TIMESTAMP) AS TIMESTAMP_NTZ))"
    )


def test_the_query_given_stays_as_it_is() -> None:
    tree = sqlglot.parse_one("SELECT a / b FROM t", read="duckdb")
    spark_sql(tree)
    assert tree.sql(dialect="duckdb") == "SELECT a / b FROM t"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("isfinite(a)", "An expression uses 'ISFINITE', which Spark does not have."),
        ("list_aggregate(a, 'sum')", "An expression uses 'LIST_AGGREGATE', which Spark does not have."),
        ("printf('%d', a) || age(a, b)", "An expression uses 'AGE', 'PRINTF', which Spark does not have."),
        (
            "a AT TIME ZONE 'UTC'",
            "An expression uses AT TIME ZONE, of which Spark cannot tell whether it begins with a",
        ),
    ],
)
def test_what_spark_has_not_is_refused_by_name(written: str, said: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        spark_sql(sqlglot.parse_one(written, read="duckdb"))
    assert str(refused.value).startswith(said)
    assert "Hint: write the expression with functions of standard SQL" in str(refused.value)
