"""The benchmark of clusters without a server: its rows are the same everywhere, and its arithmetic is right."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from benchmarks.cluster.__main__ import kept
from benchmarks.cluster.family import family, watched
from benchmarks.cluster.model import Line, by_kind, kind_of, line_through, lines_of, partial_rows
from benchmarks.cluster.project import KPIS, make_project
from benchmarks.cluster.race import answered
from benchmarks.cluster.sales import AFTER_LAST_DAY, COUNTRIES, DAYS, FIRST_DAY, STORES, Sales, day_frame, write_sales
from benchmarks.cluster.table import table
from kpi_pipeline import load_project

SALES = Sales(DAYS * 20)
FIRST_SALE = (8480, 331, "store_21", "country_08", "563.77")
"""Of the first of March 2022, by the seed."""


def test_the_rows_of_a_day_are_the_same_on_every_machine() -> None:
    frame = day_frame(SALES, date(2022, 3, 1))

    assert frame.equals(day_frame(SALES, date(2022, 3, 1)))
    assert not frame.equals(day_frame(Sales(SALES.rows, seed=8), date(2022, 3, 1)))
    assert frame.select("sale", "customer", "store", "country", pl.col("amount").cast(str)).row(0) == FIRST_SALE
    assert frame["sold_at"].dt.date().unique().to_list() == [date(2022, 3, 1)]
    assert frame["sold_at"].is_sorted()
    assert frame.schema["amount"] == pl.Decimal(12, 2)


def test_the_days_together_have_all_rows(tmp_path: Path) -> None:
    write_sales(SALES, tmp_path)

    with duckdb.connect() as connection:
        rows, sales, first, last, stores, countries, beside = connection.execute(
            "SELECT count(*), count(DISTINCT sale), min(day), max(day), count(DISTINCT store), "
            "count(DISTINCT country), count(*) FILTER (sold_at::DATE <> day) "
            f"FROM read_parquet('{tmp_path}/*/*.parquet', hive_partitioning = true)"
        ).fetchone() or ()  # fmt: skip
    assert (rows, sales, beside) == (SALES.rows, SALES.rows, 0)
    assert (first, last) == (FIRST_DAY, date(2023, 12, 31))
    assert (stores, countries) == (len(STORES), len(COUNTRIES))


def test_the_day_after_has_as_many_rows_and_new_ones() -> None:
    frame = day_frame(SALES, AFTER_LAST_DAY)

    assert frame.height == 20
    assert frame.item(0, "sale") == SALES.rows


@pytest.mark.parametrize("remote", [None, "sc://127.0.0.1:15002"])
def test_both_projects_are_of_the_same_kpis(tmp_path: Path, remote: str | None) -> None:
    project = load_project(make_project(tmp_path, tmp_path / "lake", remote=remote)).project

    assert set(project.kpis) == set(KPIS)
    assert project.sources["sales"].connector.type == ("file" if remote is None else "lakehouse")


def test_a_line_goes_through_two_points_and_never_below_nought() -> None:
    assert line_through([(1, 1e6, 3.0), (1, 1e7, 12.0)]).at(1e8) == pytest.approx(102)
    assert line_through([(1, 1e6, 1.0), (1, 1e7, 20.0)]).base == 0
    assert line_through([(1, 1e6, 2.0), (1, 1e7, 1.0)]).a_row == 0
    assert line_through([(1, 1e6, 2.0)]) == Line(0.0, 2e-6)


def test_a_line_counts_the_rows_that_are_given() -> None:
    line = line_through([(1e5, 1e6, 1.1), (1e6, 1e7, 11.0), (1e6, 1e8, 20.0)])

    assert line.base == pytest.approx(1e-5)
    assert line.at(1e9, 1e6) == pytest.approx(110)


def test_files_are_told_as_seen_from_the_folder(tmp_path: Path) -> None:
    notes = tmp_path / "first.json"
    what = f"SELECT * FROM t WHERE f IN ('file://{tmp_path.as_posix()}/lake/sales/a.parquet')"
    numbers = {"seconds": 1.0, "cpu_seconds": 1.0, "read_mb": 0.0}
    notes.write_text(json.dumps([{"how": "to_table", **numbers, "what": what}] * 2), "utf-8")
    (found,) = answered(notes, tmp_path, stopped=True)
    assert found.what == "SELECT * FROM t WHERE f IN ('file://lake/sales/a.parquet')"


def test_sums_have_a_row_for_each_day_and_segment_that_had_one() -> None:
    assert partial_rows(1e12, 1_000, 50) == pytest.approx(50_000)
    assert partial_rows(10, 1_000, 50) == pytest.approx(10, rel=1e-3)


QUESTIONS = [
    ("checks", "SELECT COUNT(*) FROM (SELECT * FROM `temp__checked_1` AS `raw/sales 1` WHERE TRUE)"),
    ("windows", "WITH _stays AS (SELECT _measure, _segment, _day, LEAST(...) FROM (SELECT DISTINCT 0 AS _measure"),
    ("percentiles", "SELECT _span, CAST(PERCENTILE(CASE WHEN a THEN _value END, 0.5) AS DOUBLE) AS _made_0"),
    ("distinct", "SELECT _span, COUNT(DISTINCT CASE WHEN a THEN _key END) AS _made_0 FROM (SELECT d AS _day"),
    ("days", "SELECT _kpi_file, COUNT(*) FROM `temp__sales_files`"),
    ("sums", "SELECT CAST(`sold_at` AS DATE) AS _day, `country`, COUNT(*) FROM `model__sales`"),
    ("checks", "SELECT SUM(CASE WHEN (`sale` IS NULL) THEN 1 ELSE 0 END) AS `column_values.nonnull.unexpected_count`"),
    (None, "SELECT * FROM `raw__sales` AS `sales`"),
]


@pytest.mark.parametrize(("kind", "what"), QUESTIONS)
def test_a_question_is_known_by_its_words(kind: str | None, what: str) -> None:
    assert kind_of(what) == kind


def ran(seconds: float) -> dict[str, object]:
    questions = [
        {"how": "to_table", "what": what, "cpu_seconds": seconds, "seconds": seconds / 2} for _, what in QUESTIONS
    ]
    return {"questions": [*questions, {"how": "_analyze", "what": "root", "cpu_seconds": 1.0, "seconds": 0.5}]}


def test_questions_of_a_kind_are_told_together_and_foretold() -> None:
    told = by_kind(ran(4.0))
    lines = lines_of({1_000_000: ran(3.0), 10_000_000: ran(12.0)})

    assert told["sums"] == (1, 4.0, 2.0)
    assert told["names and files"] == (1, 1.0, 0.5)
    assert lines["windows"].at(1e8) == pytest.approx(102)


def test_the_faster_of_two_runs_is_kept_beside_other_engines() -> None:
    def one(engine: str, run: str, seconds: float, status: str = "published") -> dict[str, object]:
        return {"engine": engine, "run": run, "seconds": seconds, "status": status}

    before = [one("sail", "idle", 2.0), one("duckdb", "first", 9.0), one("sail", "first", 1.0, "stopped")]
    now = [one("sail", "idle", 3.0), one("sail", "first", 4.0)]

    assert kept(before, now) == [one("duckdb", "first", 9.0), one("sail", "first", 4.0), one("sail", "idle", 2.0)]


def test_the_table_has_a_row_for_each_run(tmp_path: Path) -> None:
    used = {"cpu_seconds": 1.4, "peak_mb": 1234.0, "read_mb": 0.0}
    one = {
        "engine": "sail",
        "run": "first",
        "seconds": 61.2,
        "status": "published",
        "driver": used,
        "server": used,
        "warehouse_mb": 3.0,
    }
    crossed = {"rows": 655_910, "bytes": 2**20, "answers": 27}
    told = {"rows": 1_000_000, "ran": [one | {"crossed": crossed}]}
    (tmp_path / "cluster-1000000.json").write_text(json.dumps(told), encoding="utf-8")

    assert table([tmp_path / "cluster-1000000.json"]).splitlines()[-1] == (
        "| 1 M | Sail | all rows | 61 | 1 | 1 | 1,234 | 1,234 | 655,910 | 1.0 | 27 | 3 |"
    )


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc")
def test_what_a_process_uses_is_seen() -> None:
    with watched(os.getpid()) as used:
        held = bytearray(30 << 20)
        sum(range(3_000_000))

    assert held
    assert os.getpid() in family(os.getpid())
    assert used.peak_mb > 30
    assert used.cpu_seconds >= 0.01
