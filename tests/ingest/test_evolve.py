"""Columns that join, widen, vanish or change."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kpi_pipeline.errors import DataError
from kpi_pipeline.sources import Source
from kpi_pipeline.store.state import prepare_state
from kpi_pipeline.store.warehouse import Warehouse
from tests.ingest.conftest import Bench, orders

APPEND = orders(load={"mode": "append"})


def test_a_new_column_joins(bench: Bench) -> None:
    bench.write("data/a.csv", "id\n1\n")
    bench.load(APPEND)
    bench.write("data/b.csv", "v,id\nx,2\n")
    staged = bench.load(APPEND)
    assert staged.notes == ("new column 'v' (VARCHAR)",)
    assert staged.touched is None
    assert bench.raw("id, v") == [(1, None), (2, "x")]


def test_a_new_column_is_refused_where_columns_are_frozen(bench: Bench) -> None:
    frozen = orders(load={"mode": "append"}, on_schema_change="freeze")
    bench.write("data/a.csv", "id\n1\n")
    bench.load(frozen)
    bench.write("data/b.csv", "id,v\n2,x\n")
    with pytest.raises(DataError, match=r"(?s)data/b\.csv brings a new column 'v' \(VARCHAR\).*frozen.*kpi run --full"):
        bench.load(frozen)


@pytest.mark.parametrize("source", [orders(), APPEND], ids=["full", "append"])
def test_a_lost_column_is_an_error_until_it_is_meant(bench: Bench, source: Source) -> None:
    bench.write("data/a.csv", "id,amount\n1,5\n")
    bench.load(source)
    bench.write("data/a.csv", "id,amnt\n1,5\n")
    with pytest.raises(
        DataError, match=r"(?s)data/a\.csv has lost column 'amount' \(BIGINT\).*did you mean 'amnt'.*--full"
    ):
        bench.load(source)
    assert bench.types() == {"id": "BIGINT", "amount": "BIGINT"}
    bench.load(source, full=True)
    assert bench.types() == {"id": "BIGINT", "amnt": "BIGINT"}


def test_a_file_delivered_again_needs_only_the_columns_it_had(bench: Bench) -> None:
    bench.write("data/a.csv", "id\n1\n")
    bench.write("data/b.csv", "id,v\n2,x\n")
    bench.load(APPEND)
    bench.write("data/a.csv", "id\n7\n")
    bench.load(APPEND)
    assert bench.raw("id, v") == [(2, "x"), (7, None)]


def test_a_wider_type_joins_and_a_narrower_one_is_taken_up(bench: Bench) -> None:
    bench.write("data/a.csv", "id\n1\n")
    bench.load(APPEND)
    bench.write("data/b.csv", "id\n2.5\n")
    assert bench.load(APPEND).notes == ("column 'id' was BIGINT and is DOUBLE now",)
    bench.write("data/c.csv", "id\n3\n")
    bench.load(APPEND)
    assert bench.raw("id") == [(1.0,), (2.5,), (3.0,)]


def test_a_changed_cursor_is_an_error_that_names_both(bench: Bench) -> None:
    source = orders(load={"cursor": "at"})
    bench.write("data/a.csv", "at,v\n2016-01-01,\n")
    bench.load(source)
    bench.write("data/a.csv", "at,v\nx1,5\n")
    where = r"'x1' in line 2 of data/a\.csv.*Write `at: \{type: date\}`.*quarantine, and the others are loaded\.$"
    with pytest.raises(
        DataError, match=r"(?s)Column 'at' of source 'orders' was DATE and is VARCHAR in data/a\.csv: " + where
    ):
        bench.load(source)
    bench.write("data/b.csv", "at,v\n2016-01-02,5\n")
    with pytest.raises(DataError, match=r"(?s)'at' is VARCHAR in data/a\.csv and DATE in data/b\.csv: " + where):
        bench.load(source)
    bench.write("data/a.csv", "at,v\n2016-01-02,5\n")
    bench.load(source)
    assert bench.types() == {"at": "DATE", "v": "BIGINT"}


def test_the_way_out_of_a_changed_cursor_leads_out(bench: Bench) -> None:
    """As the hint says: the type is declared, the row that does not fit is set aside, and the others are loaded."""
    bench.write("data/a.csv", "at,v\n2016-01-01 10:00:00,1\n")
    bench.load(orders(load={"mode": "append", "cursor": "at"}))
    bench.write("data/b.csv", "at,v\n" + "2016-01-02 10:00:00,1\n" * 29 + "31/31/2016,2\n")
    for full in (False, True):
        with pytest.raises(DataError, match=r"(?s)'31/31/2016' in line 31 of data/b\.csv.*`at: \{type: timestamp\}`"):
            bench.load(orders(load={"mode": "append", "cursor": "at"}), full=full)
    staged = bench.load(orders(load={"mode": "append", "cursor": "at"}, columns={"at": {"type": "timestamp"}}))
    assert (staged.rows_loaded, staged.rows_quarantined) == (30, 1)


def test_a_number_that_turns_into_text_is_text_as_it_was_written(bench: Bench) -> None:
    bench.write("data/a.csv", "v\n1.50\n-0.20\n")
    bench.write("data/c.csv", "v\n\n")
    bench.load(APPEND)
    assert bench.types() == {"v": "DOUBLE"}
    bench.write("data/b.csv", "v\nn/a\n")
    staged = bench.load(APPEND)
    assert staged.files_read == ("data/a.csv", "data/b.csv", "data/c.csv")
    assert staged.notes[0].startswith(
        "column 'v' is text, because it is in data/b.csv (it is DOUBLE in data/a.csv); a "
    )
    assert staged.notes[1] == "column 'v' was DOUBLE and is VARCHAR now"
    assert bench.raw("v") == [("-0.20",), ("1.50",), ("n/a",), (None,)]
    bench.write("data/d.csv", "v\n07.0\n8.00\n")
    staged = bench.load(APPEND)
    assert (staged.files_read, staged.notes) == (("data/d.csv",), ())
    assert ("8.00",) in bench.raw("v")


def test_a_column_is_numbers_again_once_the_file_that_made_it_text_is_mended(bench: Bench) -> None:
    bench.write("data/a.csv", "v\n1.50\n")
    bench.write("data/b.csv", "v\nn/a\n")
    bench.load(APPEND)
    bench.write("data/b.csv", "v\n2\n")
    assert bench.load(APPEND).notes == ("column 'v' was VARCHAR and is DOUBLE now",)
    assert bench.raw("v") == [(1.5,), (2.0,)]


def test_rows_whose_file_is_gone_turn_into_text_as_well_as_they_can(bench: Bench) -> None:
    gone = bench.write("data/a.csv", "v\n1.50\n")
    bench.load(APPEND)
    gone.unlink()
    bench.write("data/b.csv", "v\nn/a\n")
    bench.load(APPEND)
    assert bench.raw("v") == [("1.5",), ("n/a",)]


def test_what_is_merged_by_key_does_not_turn_into_text(bench: Bench) -> None:
    merged = orders(load={"mode": "merge", "key": ["id"]})
    bench.write("data/a.csv", "id,v,w\n1,5,x\n")
    bench.load(merged)
    bench.write("data/b.csv", "id,v,w\n2,x,07\n")
    with pytest.raises(DataError, match=r"(?s)was BIGINT and is VARCHAR.*: 'x' in line 2.*type: integer.*type: text"):
        bench.load(merged)
    bench.write("data/b.csv", "id,v,w\n2,6,7.0\n")
    bench.load(merged)
    assert bench.raw("id, v, w") == [(1, 5, "x"), (2, 6, "7.0")]


DELIVERIES = st.lists(
    st.tuples(
        st.sampled_from("abc"), st.lists(st.sampled_from(["1", "1.50", "-0", "n/a", "2016-01-01", ""]), max_size=2)
    ),
    min_size=2,
    max_size=5,
)


@settings(max_examples=20)
@given(DELIVERIES, st.sampled_from(["append", "full"]))
@example([("a", ["1"]), ("b", ["2016-01-01"]), ("b", ["2"])], "append")
def test_types_after_many_loads_are_those_of_one(deliveries: list[tuple[str, list[str]]], mode: str) -> None:
    source = orders(load={"mode": mode})
    with tempfile.TemporaryDirectory() as folder, Warehouse.in_memory() as warehouse:
        prepare_state(warehouse)
        bench = Bench(Path(folder), warehouse)
        for name, values in deliveries:
            bench.write(f"data/{name}.csv", "\n".join(["v,of", *(f"{value},{name}" for value in values), f",{name}"]))
            try:
                bench.load(source)
            except DataError:
                return  # every file came anew with another type, which is refused
        rows, is_text = bench.raw("of, v"), bench.types()["v"] == "VARCHAR"
        bench.load(source, full=True)
        assert bench.raw("of, v") == rows
        if any(value is not None for _, value in rows):
            assert (bench.types()["v"] == "VARCHAR") == is_text


def test_a_declared_type_that_narrows_is_an_error_until_it_is_meant(bench: Bench) -> None:
    source = orders("data/*.parquet")
    (bench.root / "data").mkdir()
    pl.DataFrame({"id": [1]}).write_parquet(bench.root / "data/a.parquet")
    bench.load(source)
    pl.DataFrame({"id": [1]}, schema={"id": pl.Int32}).write_parquet(bench.root / "data/a.parquet")
    with pytest.raises(DataError, match="was BIGINT and is INTEGER"):
        bench.load(source)
    bench.load(source, full=True)
    assert bench.types() == {"id": "INTEGER"}


def test_files_whose_types_are_declared_may_not_contradict_each_other(bench: Bench) -> None:
    (bench.root / "data").mkdir()
    pl.DataFrame({"id": [1]}).write_parquet(bench.root / "data/a.parquet")
    pl.DataFrame({"id": ["x"]}).write_parquet(bench.root / "data/b.parquet")
    with pytest.raises(
        DataError, match=r"(?s)'id' is BIGINT in data/a\.parquet and VARCHAR in data/b\.parquet.*type: text"
    ):
        bench.load(orders("data/*.parquet", load={"mode": "append"}))
    bench.load(orders("data/*.parquet", load={"mode": "append"}, columns={"id": {"type": "text"}}))
    assert bench.raw("id") == [("1",), ("x",)]


def test_case_of_a_column_does_not_make_it_another(bench: Bench) -> None:
    bench.write("data/a.csv", "Id\n1\n")
    bench.write("data/b.csv", "ID\n2\n")
    bench.load(APPEND)
    assert bench.raw("id") == [(1,), (2,)]
    assert list(bench.types()) == ["Id"]


def test_rows_kept_from_before_must_fit_the_new_type(bench: Bench) -> None:
    gone = bench.write("data/a.csv", "id\nsecret\n")
    bench.load(APPEND)
    gone.unlink()
    bench.write("data/b.csv", "id\n1\n")
    whole: dict[str, Any] = {"columns": {"id": {"type": "integer"}}, "load": {"mode": "append"}}
    with pytest.raises(DataError, match=r"loaded before do not fit its new types: .*secret"):
        bench.load(orders(**whole))
    with pytest.raises(DataError, match=r"loaded before do not fit its new types\.$|types\.\n"):
        bench.load(orders(**whole, personal=["id"]))
    assert bench.raw("id") == [("secret",)]
