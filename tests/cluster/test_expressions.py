"""Expressions of definitions, written in DuckDB's SQL, mean in a cluster what they mean here."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
import sqlglot
from polars.testing import assert_frame_equal
from sqlglot import exp

from kpi_pipeline.cluster import Spark
from kpi_pipeline.errors import DefinitionError
from kpi_pipeline.names import TableRef
from kpi_pipeline.plan import Fold, Measure
from kpi_pipeline.reduce import ASKED_DAYS, of_spans, spark_sql
from kpi_pipeline.store import Warehouse
from tests.cluster.on_spark import engine_at

pytestmark = pytest.mark.xdist_group("cluster")
ROWS = TableRef("raw", "anything")
DATA = pl.DataFrame(
    {
        "n": [7, -7, 0, None, 2_000_000_000],
        "m": [2, 2, 0, 3, -3],
        "x": [2.5, -2.5, 0.0, None, 1e15],
        "d": [Decimal("12.345"), Decimal("-12.345"), Decimal("0.000"), None, Decimal("99999.995")],
        "t": ["Ünique text", "", "  padded ", None, "a-b-c"],
        "b": [True, False, None, True, False],
        "day": [date(2024, 2, 29), date(2023, 12, 31), date(2024, 3, 31), None, date(2020, 12, 28)],
        "at": [datetime(2024, 3, 31, 1, 59, 59), datetime(2023, 12, 31, 23), datetime(1999, 1, 1), None,
               datetime(2024, 10, 27, 2, 30)],
    },
    schema_overrides={"n": pl.Int32, "m": pl.Int32, "d": pl.Decimal(12, 3)},
)  # fmt: skip
EXPRESSIONS = (
    "n + m", "n - m", "n * m::BIGINT", "n / m", "n % m", "x / m", "d / m", "d * m", "d * d", "abs(n)", "-d",
    "n / 0", "x / 0.0", "n % 0", "round(x)", "round(d, 2)", "round(x, 1)", "floor(x)", "ceil(x)", "sqrt(abs(x))",
    "sign(n)", "power(m, 3)", "greatest(n, m)", "least(n, m)", "coalesce(n, m, 0)", "nullif(n, 0)",
    "ln(abs(x) + 1)", "exp(m)", "n::DOUBLE", "x::DECIMAL(38, 9)", "d::DOUBLE", "b::INTEGER", "n IN (7, 0)",
    "n BETWEEN -7 AND 7", "CASE WHEN n > 0 THEN 'up' WHEN n < 0 THEN 'down' ELSE 'flat' END",
    "upper(t)", "lower(t)", "length(t)", "trim(t)", "ltrim(t)", "rtrim(t)", "t || '!'", "concat(t, '!')",
    "replace(t, '-', '+')", "substr(t, 2, 3)", "substring(t, 1, 1)", "left(t, 2)", "right(t, 2)", "reverse(t)",
    "t LIKE '%b%'", "starts_with(t, 'a')", "contains(t, 'que')", "split_part(t, '-', 2)", "strpos(t, 'b')",
    "lpad(t, 12, '.')", "t IS NULL", "t = ''", "NOT b", "b AND n > 0", "b OR n > 0", "b IS NOT TRUE",
    "n IS DISTINCT FROM m", "day + INTERVAL 1 DAY", "day - INTERVAL 1 MONTH", "at + INTERVAL 90 MINUTE",
    "day + 1", "date_trunc('month', day)", "date_trunc('week', day)", "date_trunc('quarter', at)",
    "date_trunc('hour', at)", "extract(year FROM day)", "extract(month FROM at)", "extract(day FROM day)",
    "extract(quarter FROM day)", "extract(week FROM day)", "extract(dow FROM day)", "extract(isodow FROM day)",
    "extract(doy FROM day)", "extract(hour FROM at)", "extract(minute FROM at)", "isodow(day)", "dayofweek(day)",
    "weekday(day)", "year(day)", "month(day)", "weekofyear(day)", "last_day(day)", "at::DATE",
    "date_diff('day', day, DATE '2024-12-31')", "date_diff('month', day, DATE '2024-12-31')", "day < DATE '2024-01-01'",
    "at < TIMESTAMP '2024-01-01 00:00:00'", "datediff('hour', at, TIMESTAMP '2024-12-31')",
    "date_diff('month', day, DATE '2025-01-01')", "date_diff('week', day, DATE '2024-04-01')",
    "date_diff('year', at, TIMESTAMP '2024-01-01')",
)  # fmt: skip
AGGREGATES = (
    "sum(n)", "sum(d)", "avg(n)", "avg(d)", "min(t)", "max(day)", "count(*)", "count(n)", "count(DISTINCT m)",
    "median(x)", "bool_or(b)", "bool_and(b)", "stddev_samp(m)", "var_pop(m)",
    "quantile_cont(x, 0.25)", "quantile_cont(x, 0.9)", "quantile_cont(n, 0.123456789)", "quantile_disc(n, 0.5)", "sum(n) FILTER (WHERE b)", "max(CASE WHEN b THEN n END)",
)  # fmt: skip


@pytest.fixture(scope="module")
def cluster(remote: str) -> Iterator[Spark]:
    with Spark.connect(engine_at(remote)) as session:
        session.replace_table(ROWS, DATA.with_row_index("row"))
        yield session


@pytest.fixture(scope="module")
def here() -> Iterator[Warehouse]:
    with Warehouse.in_memory() as warehouse:
        warehouse.replace_table(ROWS, DATA.with_row_index("row"))
        yield warehouse


@pytest.mark.parametrize("written", EXPRESSIONS)
def test_of_each_row(cluster: Spark, here: Warehouse, written: str) -> None:
    _compare(cluster, here, f"SELECT {written} AS it FROM raw.anything ORDER BY row")


@pytest.mark.parametrize("written", AGGREGATES)
def test_of_all_rows(cluster: Spark, here: Warehouse, written: str) -> None:
    _compare(cluster, here, f"SELECT {written} AS it FROM raw.anything")


@pytest.mark.parametrize("order", ["n", "n DESC", "t", "x DESC NULLS LAST", "d NULLS FIRST"])
def test_nothing_stands_where_it_stands_here(cluster: Spark, here: Warehouse, order: str) -> None:
    _compare(cluster, here, f"SELECT row AS it FROM raw.anything ORDER BY {order}, row")


def test_sketches_are_near(cluster: Spark) -> None:
    """Of 50,000 keys, in days whose sketches are put together, about as many are found: five standard errors at most."""
    days = pl.DataFrame({"_day": [date(2024, 1, 1) + timedelta(days=one) for one in range(10)], "_span": [1] * 10})
    keys = pl.DataFrame({"_key": range(50_000)}).with_columns(
        (pl.date(2024, 1, 1) + pl.duration(days=pl.col("_key") % 10)).alias("_day"), seen=pl.lit(True)
    )
    measure = Measure("sale", "at", Fold.distinct, "who", approximate=True)
    cluster.replace_table(ASKED_DAYS, days)
    cluster.replace_table(TableRef("raw", "seen"), keys.rename({"seen": measure.column}))
    rows = sqlglot.parse_one("SELECT * FROM raw.seen", read="duckdb", into=exp.Select)
    [(_, _, found)] = cluster.rows(of_spans(rows, (), [measure]))
    assert found != 50_000
    assert abs(found - 50_000) < 50_000 * 5 * 0.008


def test_what_a_cluster_cannot_do_is_refused_with_its_name() -> None:
    with pytest.raises(DefinitionError, match="'JARO_SIMILARITY', which Spark does not have"):
        spark_sql(sqlglot.parse_one("SELECT jaro_similarity(t, 'a') FROM raw.anything", read="duckdb"))


def _compare(cluster: Spark, here: Warehouse, text: str) -> None:
    query = sqlglot.parse_one(text, read="duckdb")
    assert isinstance(query, exp.Query)
    wanted, found = here.fetch(query), cluster.fetch(query)
    kind = wanted.schema["it"]
    # NOTE: what counts is the value; numbers may be of another width, as they are when partial results are stored.
    loose = pl.Float64 if kind.is_numeric() and not kind.is_integer() else kind
    left, right = (_finite(one.cast({"it": loose})) for one in (found, wanted))
    assert_frame_equal(left, right, rel_tol=1e-12, abs_tol=1e-12)


def _finite(frame: pl.DataFrame) -> pl.DataFrame:
    """What is no number is no value, as in every aggregate: DuckDB divides by zero, Spark does not."""
    if frame.schema["it"] != pl.Float64:
        return frame
    return frame.with_columns(pl.when(pl.col("it").is_finite()).then("it"))
