"""Merging by key."""

from __future__ import annotations

from datetime import date

from tests.ingest.conftest import Bench, orders

BY_CURSOR = orders(load={"mode": "merge", "key": ["id"], "cursor": "day"}, columns={"day": {"type": "date"}})
BY_ORDER = orders(load={"mode": "merge", "key": ["id", "part"]})


def test_newer_rows_replace_those_of_the_same_key(bench: Bench) -> None:
    bench.write("data/a.csv", "id,day,v\n1,2016-01-01,old\n2,2016-01-05,stays\n1,2016-01-02,better\n")
    bench.load(BY_CURSOR)
    assert bench.raw("id, v") == [(1, "better"), (2, "stays")]
    bench.write("data/b.csv", "id,day,v\n1,2016-01-03,new\n2,2016-01-01,late and old\n3,2016-01-04,first\n")
    staged = bench.load(BY_CURSOR)
    assert (staged.rows_read, staged.rows_loaded, staged.state.rows) == (3, 3, 3)
    assert bench.raw("id, v, _run_id") == [(1, "new", "run2"), (2, "stays", "run1"), (3, "first", "run2")]
    assert staged.touched == (date(2016, 1, 1), date(2016, 1, 5))


def test_without_cursor_what_comes_last_wins_and_nothing_is_lost(bench: Bench) -> None:
    bench.write("data/a.csv", "id,part,v\n1,a,x\n1,b,y\n")
    first = bench.load(BY_ORDER)
    bench.write("data/a.csv", "id,part,v\n1,a,z\n")
    second = bench.load(BY_ORDER)
    assert bench.raw("id, part, v") == [(1, "a", "z"), (1, "b", "y")]
    assert first.state.version != second.state.version


def test_a_row_without_key_goes_to_quarantine(bench: Bench) -> None:
    bench.write("data/a.csv", "id,part,v\n,a,x\n1,b,y\n")
    bench.load(BY_ORDER)
    assert bench.raw("id") == [(1,)]
    assert bench.quarantined("line, column_name, reason") == [(2, "id", "the key 'id' is empty")]
