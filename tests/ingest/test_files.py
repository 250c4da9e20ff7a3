"""Which files there are and which of them changed."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from kpi_pipeline.errors import DataError
from kpi_pipeline.ingest import source_states
from kpi_pipeline.store.state import prepare_state
from kpi_pipeline.store.warehouse import Warehouse
from tests.ingest.conftest import NOW, Bench, orders

APPEND = orders(load={"mode": "append"})


def test_a_missing_file_names_pattern_folder_and_what_is_near(bench: Bench) -> None:
    bench.write("data/in/orders_2016.csv", "a\n1\n")
    with pytest.raises(
        DataError, match=r"(?s)no file matches 'data/in/order_2016\.csv'; looked in folder data/in.*orders_2016\.csv"
    ):
        bench.load(orders("data/in/order_2016.csv"))
    with pytest.raises(DataError, match=r"(?s)looked in folder data\..*Hint: the folder holds 'in'"):
        bench.load(orders("data/out/*.parquet"))


def test_an_empty_file_is_an_error_where_it_would_empty_the_table(bench: Bench) -> None:
    bench.write("data/a.csv", "id\n1\n")
    bench.load(orders())
    bench.write("data/a.csv", "")
    with pytest.raises(DataError, match=r"'data/a\.csv' of source 'orders' is empty: not even a header"):
        bench.load(orders())
    assert bench.raw("id") == [(1,)]


def test_files_without_rows_empty_a_table_only_where_that_may_be(bench: Bench) -> None:
    bench.write("data/a.csv", "id\n")
    assert bench.load(orders()).notes == ("data/a.csv has no rows, only a header", "the table has no rows")
    bench.write("data/a.csv", "id\n1\n2\n")
    bench.load(orders())
    bench.write("data/a.csv", "id\n")
    for full in (False, True):
        with pytest.raises(
            DataError, match=r"(?s)'orders' hold no rows that fit; its table has 2 rows.*allow_empty: true"
        ):
            bench.load(orders(), full=full)
    assert bench.raw("id") == [(1,), (2,)]
    assert bench.load(orders(load={"allow_empty": True})).changed
    assert bench.raw("id") == []


def test_a_file_with_only_a_header_takes_its_rows_away_under_append(bench: Bench) -> None:
    bench.write("data/a.csv", "id\n1\n")
    bench.load(APPEND)
    bench.write("data/b.csv", "id\n")
    bench.load(APPEND)
    assert bench.raw("id") == [(1,)]
    bench.write("data/a.csv", "id\n")
    bench.load(APPEND)
    assert bench.raw("id") == []


def test_a_file_that_becomes_a_copy_of_another_gives_up_its_rows(bench: Bench) -> None:
    bench.write("data/a.csv", "id\n1\n")
    bench.write("data/b.csv", "id\n2\n")
    bench.load(APPEND)
    bench.write("data/b.csv", "id\n1\n")
    assert bench.load(APPEND).changed
    assert bench.raw("id, _source_file") == [(1, "data/a.csv")]
    assert not bench.load(APPEND).changed
    assert not bench.load(APPEND, full=True).rows_quarantined
    assert bench.raw("id, _source_file") == [(1, "data/a.csv")]


def test_an_empty_file_to_append_waits_until_it_holds_something(bench: Bench) -> None:
    bench.write("data/a.csv", "id\n1\n")
    bench.write("data/b.csv", "")
    assert bench.load(APPEND).notes == ("data/b.csv is empty and was left out until it holds something",)
    bench.write("data/b.csv", "id\n2\n")
    bench.load(APPEND)
    bench.write("data/a.csv", "")
    bench.load(APPEND)
    assert bench.raw("id") == [(1,), (2,)]


@pytest.mark.parametrize("mode", [{"mode": "full"}, {"mode": "append"}, {"mode": "merge", "key": ["id"]}])
def test_a_second_run_changes_nothing(bench: Bench, mode: dict[str, object]) -> None:
    source = orders(load=mode)
    path = bench.write("data/a.csv", "id,v\n1,a\n2,b\n")
    bench.load(source)
    before = (bench.raw("*"), source_states(bench.warehouse))
    assert not bench.load(source).changed
    os.utime(path, ns=(1, 1))
    assert not bench.load(source).changed
    assert bench.warehouse.rows("SELECT modified_ns FROM state.source_file") == [(1,)]
    assert (bench.raw("*"), source_states(bench.warehouse)) == before


def test_full_mirrors_the_files(bench: Bench) -> None:
    bench.write("data/a.csv", "id\n1\n")
    gone = bench.write("data/b.csv", "id\n2\n")
    bench.load(orders())
    gone.unlink()
    bench.write("data/c.csv", "id\n3\n")
    staged = bench.load(orders())
    assert staged.files_read == ("data/c.csv",)
    assert bench.raw("id, _run_id, _source_file") == [(1, "run1", "data/a.csv"), (3, "run2", "data/c.csv")]


def test_append_replaces_a_changed_file_and_keeps_the_rows_of_one_that_went(bench: Bench) -> None:
    gone = bench.write("data/a.csv", "id\n1\n")
    bench.write("data/b.csv", "id\n2\nx,y\n3\n")
    bench.load(APPEND)
    gone.unlink()
    bench.write("data/b.csv", "id\n4\n")
    staged = bench.load(APPEND)
    assert staged.notes == ("data/a.csv is no longer there; what it held stays (1 row)",)
    assert bench.raw("id, _run_id") == [(1, "run1"), (4, "run2")]
    assert bench.quarantined("*") == []
    assert bench.load(APPEND, full=True).rows_read == 1
    assert bench.raw("id") == [(1,), (4,)]


def test_append_loads_content_once_whatever_its_file_is_called(bench: Bench) -> None:
    first = bench.write("data/a.csv", "id\n1\n")
    bench.load(APPEND)
    bench.write("data/copy.csv", "id\n1\n")
    assert bench.load(APPEND).notes == ("data/copy.csv is a copy of data/a.csv and was not loaded again",)
    first.unlink()
    assert bench.load(APPEND).notes == ("data/a.csv is now data/copy.csv",)
    assert bench.raw("id, _source_file") == [(1, "data/copy.csv")]


DELIVERIES = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.lists(
            st.sampled_from(["1,x,2016-01-01", "2,,2016-02-01", "broken", '3,"q\nq",2016-03-01', "4.5,y,"]), max_size=4
        ),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25)
@given(DELIVERIES, st.sampled_from(["full", "append"]))
def test_incremental_and_full_give_equal_tables(deliveries: list[tuple[str, list[str]]], mode: str) -> None:
    source = orders(load={"mode": mode, "cursor": "at"}, columns={"id": {"type": "number"}, "at": {"type": "date"}})
    columns = 'id, v, "at", _source_file'
    with tempfile.TemporaryDirectory() as folder, Warehouse.in_memory() as warehouse:
        prepare_state(warehouse)
        bench = Bench(Path(folder), warehouse)
        for name, lines in deliveries:
            bench.write(f"data/{name}.csv", "\n".join(["id,v,at", *lines, f"9,of {name},2016-04-01"]))
            before = set(bench.raw(columns)) if bench.types() else set()
            staged = bench.load(source)
            changed = before ^ set(bench.raw(columns))
            if staged.touched:
                assert all(staged.touched[0] <= row[2] <= staged.touched[1] for row in changed)
        state = source_states(warehouse)["orders"]
        rows, misfits = bench.raw(columns), bench.quarantined("line, reason, raw_text, _source_file")
        bench.load(source, full=True)
        assert bench.raw(columns) == rows
        assert bench.quarantined("line, reason, raw_text, _source_file") == misfits
        assert replace(source_states(warehouse)["orders"], run_id="", loaded_at=NOW) == replace(
            state, run_id="", loaded_at=NOW
        )


def test_a_changed_definition_reads_everything_again(bench: Bench) -> None:
    bench.write("data/a.csv", "id\n1\n")
    bench.load(orders())
    assert not bench.load(orders(label="Orders")).changed
    bench.load(orders(columns={"id": {"type": "text"}}))
    assert bench.types() == {"id": "VARCHAR"}


def test_the_suffix_must_say_the_format(bench: Bench) -> None:
    bench.write("data/a.dat", "id\n1\n")
    with pytest.raises(ValidationError, match=r"suffix of 'a\.dat' does not say"):
        orders("data/a.dat")
    with pytest.raises(DataError, match="does not say by its suffix"):
        bench.load(orders("data/*"))
    bench.load(orders("data/a.dat", connector={"format": "csv"}))
    assert bench.raw("id") == [(1,)]


def test_a_folder_that_may_not_be_read_is_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    bench.write("data/a.csv", "id\n1\n")
    with monkeypatch.context() as patched:
        patched.setattr(Path, "is_file", refused)
        with pytest.raises(DataError, match=r"data/\*.csv cannot be read: Permission denied"):
            bench.load(orders())
    assert bench.load(orders()).rows_loaded == 1
