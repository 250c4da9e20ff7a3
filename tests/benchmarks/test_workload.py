"""The workload: the same rows everywhere, and the engine's answers are those of SQL written by hand."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from benchmarks.answers import Answer, write_answers
from benchmarks.compare import differences, metrics_in
from benchmarks.contestants import (
    ours,
    ours_query,
    polars_naive,
    polars_shared,
    scan,
    sql_naive,
    sql_shared,
    sql_sorted,
)
from benchmarks.prepare import load_project, make_facts, restore
from benchmarks.process import Clock, Contestant
from benchmarks.workload.facts import Facts, check_sums, later_orders, month_frames, order_frame, write_facts
from benchmarks.workload.metrics import METRICS
from benchmarks.workload.project import kpis_yaml

pytestmark = pytest.mark.xdist_group("workload")

ROWS = 20_000
SUMS = {
    "rows": "5000",
    "order_id": "12497500",
    "customer_id": "617414981",
    "ts": "4155568516951331000000",
    "quantity": "7651626",
    "unit_price": "311325135.74",
    "discount": "42356545.17",
    "cost": "564187361.51",
    "status": "252801684",
    "channel": "549597171",
    "country": "18014083",
    "product_category": "34938269",
}
"""What 5,000 orders add up to."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("workload")
    make_facts(folder, ROWS, seed=7)
    load_project(folder)
    restore(folder)
    return folder


@pytest.fixture(scope="module")
def expected(data: Path) -> Path:
    """What one hand-written query a series finds."""
    return answered(data, sql_naive, "sql_naive")


def answered(data: Path, contestant: Contestant, name: str) -> Path:
    return written(data, name, contestant.compute(data, Clock(time.time())))


def written(data: Path, name: str, answers: Sequence[Answer]) -> Path:
    file = data / f"{name}.parquet"
    write_answers(answers, file)
    return file


def test_a_row_depends_on_its_number_and_the_seed_alone() -> None:
    facts = Facts(1_000)
    whole = pl.concat(frame for _, frame in month_frames(facts))
    assert whole.height == 1_000
    assert whole["ts"].is_sorted()
    numbers = whole["order_id"].cast(pl.UInt64).to_numpy()
    assert order_frame(facts, numbers[400:410], numbers[:10]).drop("ts").equals(whole[400:410].drop("ts"))
    other = pl.concat(frame for _, frame in month_frames(Facts(1_000, seed=8)))
    assert not other["customer_id"].equals(whole["customer_id"])


def test_the_facts_stay_what_they_were(tmp_path: Path) -> None:
    """NOTE: figures of different days can only be compared while this holds."""
    write_facts(Facts(5_000), tmp_path)
    with duckdb.connect(str(tmp_path / "facts.duckdb"), read_only=True) as connection:
        sums = check_sums(connection, "orders")
        span = connection.execute("SELECT min(ts)::DATE, max(ts)::DATE, count(DISTINCT status) FROM orders").fetchone()
    assert sums == SUMS
    assert span == (date(2021, 1, 1), date(2023, 12, 31), 4)


@pytest.mark.parametrize(
    "contestant",
    [ours_query, sql_shared, sql_sorted, polars_naive, polars_shared],
    ids=lambda one: one.__name__,
)
def test_all_find_the_same_values(contestant: Contestant, data: Path, expected: Path) -> None:
    found = answered(data, contestant, contestant.__name__)
    assert metrics_in(found) == set(METRICS)
    assert [str(one) for one in differences(expected, found)] == []


def test_a_run_finds_the_same_values_and_so_does_one_after_late_rows(data: Path, expected: Path) -> None:
    """NOTE: only KPIs by week and quarter, since publishing those by day takes most of the time."""
    kpis = data / "project" / "definitions" / "kpis.yaml"
    kpis.write_text(kpis_yaml(("week", "quarter")), encoding="utf-8")
    found = answered(data, ours, "ours")
    assert metrics_in(found) == set(METRICS)
    assert [str(one) for one in differences(weeks_and_quarters(expected), found)] == []

    late = data / "project" / "data" / "orders" / "later.parquet"
    later_orders(Facts(ROWS), date(2023, 12, 25), days=7, rows=90).write_parquet(late)
    again = answered(data, ours, "again")
    with_late = data / "with_late"
    with_late.mkdir()
    shutil.copyfile(data / "facts.duckdb", with_late / "facts.duckdb")
    with duckdb.connect(str(with_late / "facts.duckdb")) as connection:
        connection.execute(f"INSERT INTO orders FROM read_parquet('{late}')")
    expected_again = weeks_and_quarters(answered(with_late, sql_naive, "sql_naive"))
    assert [str(one) for one in differences(expected_again, again)] == []
    assert {one.metric for one in differences(expected_again, found)} >= {"orders", "customers", "median_order_value"}


def weeks_and_quarters(answers: Path) -> Path:
    """The answers without days and months."""
    file = answers.with_suffix(".some.parquet")
    pl.read_parquet(answers).filter(pl.col("grain").is_in(["week", "quarter"])).write_parquet(file)
    return file


def test_a_wrong_value_is_noticed(data: Path, expected: Path) -> None:
    wrong = pl.read_parquet(expected).with_columns(
        value=pl.when(pl.col("metric") == "refunds", pl.col("grain") == "week", pl.col("breakdown") == "")
        .then(pl.col("value") * (1 + 1e-8))
        .otherwise(pl.col("value"))
    )
    wrong.write_parquet(data / "wrong.parquet")
    (difference,) = differences(expected, data / "wrong.parquet")
    assert str(difference).startswith("refunds by week: 147 values, such as 2020-12-28")


def test_a_missing_value_is_noticed_and_a_missing_metric_is_not_compared(data: Path, expected: Path) -> None:
    some = pl.read_parquet(expected).filter(pl.col("metric") == "orders")
    some.filter(pl.col("period_start") != date(2022, 5, 1)).write_parquet(data / "some.parquet")
    found = differences(expected, data / "some.parquet")
    assert {one.metric for one in found} == {"orders"}
    assert "found nothing" in str(found[0])


def test_the_yardstick_has_nothing_to_compare(data: Path) -> None:
    assert scan.compute(data, Clock(time.time())) == []
