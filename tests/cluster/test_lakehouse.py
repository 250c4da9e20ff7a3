"""A project whose rows stay in a lakehouse publishes what it publishes where they are loaded."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from kpi_pipeline.checks.result import CheckResult
from kpi_pipeline.store.published import Published
from tests.cluster.lake import DAYS, Lake

EXACT = ~pl.concat_str(pl.col("^(metric|kpi)$")).str.starts_with("estimated")
pytestmark = pytest.mark.xdist_group("cluster")


@pytest.fixture
def both(remote: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Lake, Lake]:
    """The same shop, loaded and in the lakehouse."""
    monkeypatch.setenv("SPARK_REMOTE", remote)
    shops = Lake(tmp_path / "here", there=False), Lake(tmp_path / "there", there=True)
    for one in shops:
        one.define()
        for day in range(DAYS):
            one.sell(day)
    return shops


def test_published_values_are_equal_whatever_comes(both: tuple[Lake, Lake]) -> None:
    _compare(both, "first")
    for one in both:
        one.sell(DAYS)
    _compare(both, "a day more")
    for one in both:
        one.sell(20, rows=15, seed=1)
    _compare(both, "a day written anew")
    for one in both:
        one.file(30).unlink()
    _compare(both, "a day gone")
    for one in both:
        one.sell(DAYS + 1, note=True)
    _compare(both, "a column more")
    report = both[1].run()
    assert report.status == "unchanged"
    assert report.crossed is None


def test_what_crosses_does_not_grow_with_rows(both: tuple[Lake, Lake]) -> None:
    _, there = both
    few = there.run().crossed
    for day in range(DAYS):
        there.sell(day, rows=240)
    many = there.run().crossed
    assert few is not None
    assert many is not None
    segments = 3 * 2 * 2  # countries, stores, large or not
    # NOTE: sums, a row a day and segment; answers of distinct counts and medians; what is asked of the days alone.
    assert many.rows < 10 * DAYS * segments
    assert many.rows < 1.6 * few.rows  # twenty times the rows: the few left some segments of a day empty
    assert many.bytes < 1_000_000


def test_one_more_day_reads_the_folders_around_it_alone(both: tuple[Lake, Lake]) -> None:
    _, there = both
    there.run()
    shown = there.kpi("explain", "buyers", "--by", "country").out
    assert "in the cluster at 127.0.0.1" in shown
    assert "its rows stay there" in shown
    skipped = shown.partition("alone it reads by")[2]
    named = [day for day in range(DAYS) if f"day={_day(there, day)}" in skipped]
    told = "PartitionFilters: [" in skipped and f"> {_day(there, DAYS - 3)}" in skipped
    assert told or named == [DAYS - 2, DAYS - 1]


def test_questions_are_answered_where_the_rows_are(both: tuple[Lake, Lake]) -> None:
    for one in both:
        one.run()
    for asked in (
        ("revenue", "buyers", "median_sale", "--by", "country", "--grain", "month"),
        ("revenue", "buyers", "--where", "country = 'FR'", "--grain", "week"),
        ("buyers", "--by", "store__city", "--by", "is_large", "--grain", "week"),
        ("buyers", "active_buyers", "--grain", "day", "--from", "2024-02-01"),
        ("revenue", "--by", "sold_at__month"),
        ("buyers", "--grain", "hour", "--from", "2024-02-01", "--to", "2024-02-02"),
        ("sales", "--where", "metric('revenue', 'customer') > 600", "--grain", "month"),
        ("sales_per_visit", "--grain", "week"),
    ):
        here, there = (one.kpi("query", *asked, "--format", "csv") for one in both)
        assert (there.code, here.code) == (0, 0), there.err
        assert there.out == here.out, asked


def test_estimates_are_near_and_say_what_they_are(both: tuple[Lake, Lake]) -> None:
    _, there = both
    for day in range(DAYS):
        there.sell(day, rows=120, customers=3000)
    there.run()
    exact = ("buyers", "active_buyers", "median_sale")
    guessed = ("estimated_buyers", "estimated_active", "estimated_median")
    asked = there.kpi("query", *exact, *guessed, "--grain", "week", "--format", "csv").out
    table = pl.read_csv(asked.encode())
    for name, near in zip(exact, guessed, strict=True):
        share = (table[near] / table[name] - 1).abs()
        assert share.max() < 0.04, name  # five times the standard error of a sketch
    assert "HLL_SKETCH_AGG" not in there.kpi("explain", "buyers").out
    assert "distinct of customer in sale by sold_at, approximately" in there.kpi("explain", "estimated_buyers").out
    told = dict(_published(there, "metric").select("metric", "is_approximate").rows())
    assert {name for name, is_approximate in told.items() if is_approximate} == set(guessed)


def test_rows_are_not_read_in_the_warehouse_by_mistake(both: tuple[Lake, Lake]) -> None:
    _, there = both
    there.run()
    with duckdb.connect(str(there.root / "data" / "warehouse.duckdb"), read_only=True) as warehouse:
        assert warehouse.execute("DESCRIBE raw.sales").fetchall()[0][:2] == ("sale", "VARCHAR")
        for query in ("SELECT count(*) FROM raw.sales", "SELECT sale FROM model.sale WHERE amount > 3"):
            with pytest.raises(duckdb.Error, match=r"the rows of raw\.sales are in a lakehouse"):
                warehouse.execute(query).fetchall()


def test_a_source_moves_to_the_lakehouse_and_back(both: tuple[Lake, Lake]) -> None:
    here, there = both
    here.run()
    wanted = _published(here, "kpi_value")
    moved = Lake(here.root, there=True)
    moved.define()
    moved.run()
    _assert_equal(_published(here, "kpi_value"), wanted, "moved there")
    here.define()
    here.run()
    _assert_equal(_published(here, "kpi_value"), wanted, "moved back")
    assert there.file(0).exists()


def _compare(both: tuple[Lake, Lake], about: str) -> None:
    here, there = both
    ours, theirs = here.run(), there.run()
    assert [_found(one) for one in theirs.checks] == [_found(one) for one in ours.checks], about
    assert theirs.status == ours.status == "published"
    for table in ("kpi_value", "metric_value", "kpi_driver", "kpi_projection"):
        found, wanted = (_published(shop, table).filter(EXACT) for shop in (there, here))
        _assert_equal(found, wanted, f"{about}: {table}")


def _found(check: CheckResult) -> tuple[object, ...]:
    return check.asset, check.check_name, check.passed, check.failing_rows, check.observed


def _published(shop: Lake, table: str) -> pl.DataFrame:
    with Published.open(shop.root / "out" / "kpi.duckdb") as published:
        rows = published.fetch(f"SELECT * FROM {table} ORDER BY ALL")
    return rows.drop("computed_at", "run_id", "published_at", "definition_version", strict=False)


def _assert_equal(found: pl.DataFrame, wanted: pl.DataFrame, about: str) -> None:
    try:
        assert_frame_equal(found, wanted, rel_tol=1e-12, abs_tol=1e-12)
    except AssertionError as problem:
        raise AssertionError(f"{about}\n{problem}") from None


def _day(shop: Lake, day: int) -> str:
    return shop.file(day).parent.name.removeprefix("day=")
