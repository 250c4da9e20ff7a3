"""JSON lines and Parquet."""

from __future__ import annotations

import polars as pl
import pytest

from kpi_pipeline.errors import DataError
from tests.ingest.conftest import Bench, orders

JSON = orders("data/*.jsonl")
PARQUET = orders("data/*.parquet")


def test_json_lines_load_and_broken_ones_go_to_quarantine(bench: Bench) -> None:
    bench.write(
        "data/a.jsonl",
        '{"id": 1, "name": "ü, \\"q\\"", "tags": ["x"], "at": "2016-01-01T10:00:00Z", "zip": "01"}\n\n{"id": 2\n[1]\n'
        '{"id": 3, "price": 1.5, "rowid": "r"}\n',
    )
    staged = bench.load(JSON)
    assert (staged.rows_read, staged.rows_loaded, staged.rows_quarantined) == (4, 2, 2)
    assert bench.raw("id, name, tags, zip, price, rowid") == [
        (1, 'ü, "q"', '["x"]', "01", None, None),
        (3, None, None, None, 1.5, "r"),
    ]
    assert bench.types()["at"] == "TIMESTAMP WITH TIME ZONE"
    assert bench.quarantined("line, reason, raw_text") == [
        (3, "the line is not a JSON object", '{"id": 2'),
        (4, "the line is not a JSON object", "[1]"),
    ]


def test_json_values_that_break_the_contract_keep_their_line(bench: Bench) -> None:
    bench.write("data/a.jsonl", '\n{"id": "x"}\nbroken\n{"id": 2}\n{"id": 2.5}\n{"id": \x1f\x1e6}\n')
    bench.load(orders("data/*.jsonl", columns={"id": {"type": "integer"}}))
    assert bench.raw("id") == [(2,)]
    assert bench.quarantined("line, value, raw_text") == [
        (2, "x", '{"id": "x"}'),
        (3, None, "broken"),
        (5, "2.5", '{"id": 2.5}'),
        (6, None, '{"id": \x1f\x1e6}'),
    ]


def test_parquet_keeps_its_types_and_misfits_say_their_row(bench: Bench) -> None:
    frame = pl.DataFrame({"id": [1, 2, 3], "at": ["01/02/2016", "31/02/2016", "?"], "parts": [[1], [], None]})
    (bench.root / "data").mkdir()
    frame.write_parquet(bench.root / "data/odd [1].parquet")
    bench.load(orders("data/*.parquet", null_values=["?"], columns={"at": {"type": "date", "format": "%d/%m/%Y"}}))
    assert bench.types() == {"id": "BIGINT", "at": "DATE", "parts": "BIGINT[]"}
    assert bench.raw('id, "at" IS NULL') == [(1, False), (3, True)]
    assert bench.quarantined("line, column_name, reason, raw_text") == [
        (2, "at", '"31/02/2016" is not a date written as %d/%m/%Y', '{"id":2,"at":"31/02/2016","parts":[]}')
    ]


@pytest.mark.parametrize("damage", ["cut", "overwritten", "no parquet at all"])
def test_a_damaged_parquet_file_is_named(bench: Bench, damage: str) -> None:
    (bench.root / "data").mkdir()
    path = bench.root / "data/a.parquet"
    pl.DataFrame({"id": range(5000), "name": [f"name {n * 7919 % 5000}" for n in range(5000)]}).write_parquet(path)
    whole = path.read_bytes()
    third = len(whole) // 3
    path.write_bytes(
        {"cut": whole[:third], "overwritten": whole[:99] + bytes(2 * third) + whole[99 + 2 * third :]}.get(
            damage, b"oops"
        )
    )
    with pytest.raises(DataError, match=r"data/a\.parquet cannot be read"):
        bench.load(PARQUET)
    assert bench.warehouse.rows("FROM state.source_file") == []
