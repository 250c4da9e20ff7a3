"""A project whose rows stay in a lakehouse publishes what it publishes where they are loaded."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from kpi_pipeline.checks.result import CheckResult
from kpi_pipeline.pipeline.report import RunReport
from kpi_pipeline.store.published import Published
from tests.cluster.lake import DAYS, Lake

EXACT = ~pl.concat_str(pl.col("^(metric|kpi)$")).str.starts_with("estimated")
pytestmark = pytest.mark.xdist_group("cluster")


@dataclass(frozen=True)
class Shops:
    """The same shop, loaded and in the lakehouse."""

    here: Lake
    there: Lake

    def each(self, change: Callable[[Lake], object]) -> None:
        """Does the same in both."""
        for one in (self.here, self.there):
            change(one)


@dataclass(frozen=True)
class Ran(Shops):
    """Both after their first run, and what these runs tell; what changes them takes a copy."""

    loaded: RunReport
    left_there: RunReport


@pytest.fixture(scope="module")
def ran(remote: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    root = tmp_path_factory.mktemp("shops")
    shops = Shops(Lake(root / "here", there=False), Lake(root / "there", there=True))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SPARK_REMOTE", remote)
        shops.each(Lake.define)
        for day in range(DAYS):
            shops.each(partial(Lake.sell, day=day))
        yield Ran(shops.here, shops.there, shops.here.run(), shops.there.run())


@pytest.fixture
def copied(ran: Ran, tmp_path: Path) -> Shops:
    """Both after their first run, to be changed."""
    for one in (ran.here, ran.there):
        shutil.copytree(one.root, tmp_path / one.root.name)
    return Shops(Lake(tmp_path / "here", there=False), Lake(tmp_path / "there", there=True))


def test_published_values_are_equal(ran: Ran) -> None:
    _compare(ran, ran.loaded, ran.left_there, "first")


def test_published_values_are_equal_whatever_comes(copied: Shops) -> None:
    copied.each(lambda one: one.sell(DAYS))
    copied.each(lambda one: one.sell(20, rows=15, seed=1))
    copied.each(lambda one: one.sell(DAYS + 1, note=True))
    _compare(copied, copied.here.run(), copied.there.run(), "days more, a day written anew, a column more")
    copied.each(lambda one: one.file(30).unlink())
    _compare(copied, copied.here.run(), copied.there.run(), "a day gone")
    report = copied.there.run()
    assert report.status == "unchanged"
    assert report.crossed is not None
    assert (report.crossed.answers, report.crossed.rows) == (1, DAYS + 1)  # the list of files


def test_what_crosses_does_not_grow_with_rows(ran: Ran, copied: Shops) -> None:
    few = ran.left_there.crossed
    for day in range(DAYS):
        copied.there.sell(day, rows=240)
    many = copied.there.run().crossed
    assert few is not None
    assert many is not None
    segments = 3 * 2 * 2  # countries, stores, large or not
    # NOTE: sums, a row a day and segment; answers of distinct counts and medians; what is asked of the days alone.
    assert many.rows < 10 * DAYS * segments
    assert many.rows < 1.6 * few.rows  # twenty times the rows: the few left some segments of a day empty
    assert many.bytes < 1_000_000


def test_one_more_day_reads_the_folders_around_it_alone(ran: Ran) -> None:
    there = ran.there
    shown = there.kpi("explain", "buyers", "--by", "country").out
    assert "in the cluster at 127.0.0.1" in shown
    assert "its rows stay there" in shown
    skipped = shown.partition("alone it reads by")[2]
    named = [day for day in range(DAYS) if f"day={_day(there, day)}" in skipped]
    told = "PartitionFilters: [" in skipped and f"> {_day(there, DAYS - 3)}" in skipped
    assert told or named == [DAYS - 2, DAYS - 1]


def test_questions_are_answered_where_the_rows_are(ran: Ran) -> None:
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
        here, there = (one.kpi("query", *asked, "--format", "csv") for one in (ran.here, ran.there))
        assert (there.code, here.code) == (0, 0), there.err
        assert there.out == here.out, asked


def test_estimates_are_near_and_say_what_they_are(ran: Ran) -> None:
    there = ran.there
    exact = ("buyers", "active_buyers", "median_sale")
    guessed = ("estimated_buyers", "estimated_active", "estimated_median")
    asked = there.kpi("query", *exact, *guessed, "--grain", "week", "--format", "csv").out
    table = pl.read_csv(asked.encode())
    for name, near in zip(exact, guessed, strict=True):
        share = (table[near] / table[name] - 1).abs()
        # NOTE: five times the standard error of a sketch; of a median, how far values near it lie apart.
        assert share.max() < (0.1 if name == "median_sale" else 0.04), name
    assert "HLL_SKETCH_AGG" not in there.kpi("explain", "buyers").out
    assert "distinct of customer in sale by sold_at, approximately" in there.kpi("explain", "estimated_buyers").out
    told = dict(_published(there, "metric").select("metric", "is_approximate").rows())
    assert {name for name, is_approximate in told.items() if is_approximate} == set(guessed)


def test_rows_are_not_read_in_the_warehouse_by_mistake(ran: Ran) -> None:
    there = ran.there
    with duckdb.connect(str(there.root / "data" / "warehouse.duckdb"), read_only=True) as warehouse:
        assert warehouse.execute("DESCRIBE raw.sales").fetchall()[0][:2] == ("sale", "VARCHAR")
        for query in ("SELECT count(*) FROM raw.sales", "SELECT sale FROM model.sale WHERE amount > 3"):
            with pytest.raises(duckdb.Error, match=r"the rows of raw\.sales are in a lakehouse"):
                warehouse.execute(query).fetchall()


def test_a_source_moves_to_the_lakehouse_and_back(copied: Shops) -> None:
    here, there = copied.here, copied.there
    wanted = _published(here, "kpi_value")
    moved = Lake(here.root, there=True)
    moved.define()
    moved.run()
    _assert_equal(_published(here, "kpi_value"), wanted, "moved there")
    here.define()
    here.run()
    _assert_equal(_published(here, "kpi_value"), wanted, "moved back")
    assert there.file(0).exists()


def _compare(shops: Shops, ours: RunReport, theirs: RunReport, about: str) -> None:
    assert [_found(one) for one in theirs.checks] == [_found(one) for one in ours.checks], about
    assert theirs.status == ours.status == "published"
    for table in ("kpi_value", "metric_value", "kpi_driver", "kpi_projection"):
        found, wanted = (_published(shop, table).filter(EXACT) for shop in (shops.there, shops.here))
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
