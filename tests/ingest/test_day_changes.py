"""Rows that came late are told from rows that were corrected, whatever way they came."""

from __future__ import annotations

from datetime import date

from kpi_pipeline.ingest import accept, day_changes
from kpi_pipeline.sources import Source
from tests.ingest.conftest import Bench, orders

HEADER = "id,day,price\n"
MONDAY, TUESDAY, WEDNESDAY = (date(2016, 5, day) for day in (2, 3, 4))
FIRST = HEADER + "1,2016-05-02,10\n2,2016-05-02,20\n3,2016-05-03,30\n"


def changes(bench: Bench, source: Source, *, full: bool = False) -> list[tuple[date | None, int, int]]:
    """What the next load changes; it is then accepted."""
    staged = bench.stage(source, full=full)
    found = [tuple(one) for one in day_changes(staged, bench.warehouse)] if staged.changed else []
    accept(staged, bench.warehouse)
    return found


def test_another_file_brings_rows_and_takes_none(bench: Bench) -> None:
    appended = orders(load={"mode": "append", "cursor": "day"})
    bench.write("data/1.csv", FIRST)
    assert changes(bench, appended) == []
    bench.write("data/2.csv", HEADER + "4,2016-05-02,5\n5,2016-05-04,5\n6,2016-05-04,5\n")
    assert changes(bench, appended) == [(MONDAY, 1, 0), (WEDNESDAY, 2, 0)]
    assert changes(bench, appended, full=True) == []


def test_a_file_written_anew_is_compared_row_by_row(bench: Bench) -> None:
    whole = orders(load={"mode": "full", "cursor": "day"})
    bench.write("data/1.csv", FIRST)
    changes(bench, whole)
    # Rows in another order, one that comes late, and one that was there twice is none of it.
    bench.write("data/1.csv", HEADER + "3,2016-05-03,30\n2,2016-05-02,20\n1,2016-05-02,10\n1,2016-05-02,10\n")
    assert changes(bench, whole) == [(MONDAY, 1, 0)]
    # A price is corrected, and a row moves to another day.
    bench.write("data/1.csv", HEADER + "3,2016-05-04,30\n2,2016-05-02,21\n1,2016-05-02,10\n1,2016-05-02,10\n")
    assert changes(bench, whole) == [(MONDAY, 1, 1), (TUESDAY, 0, 1), (WEDNESDAY, 1, 0)]
    # A row goes, and a row without a day comes.
    bench.write("data/1.csv", HEADER + "3,2016-05-04,30\n2,,21\n1,2016-05-02,10\n1,2016-05-02,10\n")
    assert changes(bench, whole) == [(None, 1, 0), (MONDAY, 0, 1)]


def test_a_merge_that_says_the_same_again_changes_nothing(bench: Bench) -> None:
    merged = orders(load={"mode": "merge", "key": ["id"], "cursor": "day"})
    bench.write("data/1.csv", FIRST)
    changes(bench, merged)
    bench.write("data/2.csv", HEADER + "1,2016-05-02,10\n3,2016-05-03,33\n9,2016-05-04,1\n")
    assert changes(bench, merged) == [(TUESDAY, 1, 1), (WEDNESDAY, 1, 0)]


def test_a_column_that_joins_or_widens_changes_no_row(bench: Bench) -> None:
    appended = orders(load={"mode": "append", "cursor": "day"})
    bench.write("data/1.csv", FIRST)
    changes(bench, appended)
    bench.write("data/2.csv", "id,day,price,note\n4,2016-05-02,5.5,x\n")
    assert changes(bench, appended) == [(MONDAY, 1, 0)]


def test_without_a_cursor_rows_are_counted_without_a_day(bench: Bench) -> None:
    undated = orders(load={"mode": "full"})
    bench.write("data/1.csv", FIRST)
    changes(bench, undated)
    bench.write("data/1.csv", FIRST + "4,2016-05-03,1\n")
    assert changes(bench, undated) == [(None, 1, 0)]
