"""Merging by key."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_pipeline.store.state import prepare_state
from kpi_pipeline.store.warehouse import Warehouse
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


ROWS = st.tuples(st.integers(1, 4), st.sampled_from(["", "2016-01-01", "2016-01-02", "2016-01-03"]))


@settings(max_examples=25)
@given(st.lists(st.lists(ROWS, min_size=1, max_size=5), min_size=1, max_size=4))
def test_after_every_load_each_key_has_its_newest_row(files: list[list[tuple[int, str]]]) -> None:
    newest: dict[int, tuple[str, int]] = {}
    with tempfile.TemporaryDirectory() as folder, Warehouse.in_memory() as warehouse:
        prepare_state(warehouse)
        bench = Bench(Path(folder), warehouse)
        for number, rows in enumerate(files):
            lines = [f"{key},{day},{10 * number + place}" for place, (key, day) in enumerate(rows)]
            bench.write(f"data/{number}.csv", "\n".join(["id,day,v", *lines]))
            for place, (key, day) in enumerate(rows):
                newest[key] = max(newest.get(key, ("", -1)), (day, 10 * number + place))
            staged = bench.load(BY_CURSOR)
            assert bench.raw("id, v") == sorted((key, v) for key, (_, v) in newest.items())
            assert staged.state.rows == len(newest)
