"""Columns that join, widen, vanish or change."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from kpi_pipeline.errors import DataError
from kpi_pipeline.sources import Source
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


def test_a_changed_type_is_an_error_that_names_both(bench: Bench) -> None:
    bench.write("data/a.csv", "id,v\n1,\n")
    bench.load(orders())
    bench.write("data/a.csv", "id,v\nx1,5\n")
    with pytest.raises(
        DataError, match=r"(?s)Column 'id' of source 'orders' was BIGINT and is VARCHAR in data/a\.csv.*type: text"
    ):
        bench.load(orders())
    bench.write("data/a.csv", "id,v\n2,5\n")
    bench.load(orders())
    assert bench.types() == {"id": "BIGINT", "v": "BIGINT"}


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


def test_files_that_contradict_each_other(bench: Bench) -> None:
    bench.write("data/a.csv", "id\n1\n")
    bench.write("data/b.csv", "id\nx\n")
    with pytest.raises(DataError, match=r"(?s)'id' is BIGINT in data/a\.csv and VARCHAR in data/b\.csv.*type: text"):
        bench.load(APPEND)
    bench.load(orders(load={"mode": "append"}, columns={"id": {"type": "text"}}))
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
