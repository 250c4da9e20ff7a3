"""Packed files, JSON arrays, lines above the header, and folders that give columns."""

from __future__ import annotations

import bz2
import errno
import gzip
import lzma
import os
import zipfile
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from kpi_pipeline.errors import DataError, StorageError
from tests.ingest.conftest import Bench, orders

CSV = "id,name\n1,é\n2\n3,c\n"


def packed(content: bytes, suffix: str) -> bytes:
    match suffix:
        case "gz":
            return gzip.compress(content)
        case "bz2":
            return bz2.compress(content)
        case "xz":
            return lzma.compress(content)
        case "zip":
            sink = pa.BufferOutputStream()
            with zipfile.ZipFile(sink, "w") as archive:
                archive.writestr("folder/orders.csv", content)
            return sink.getvalue().to_pybytes()
        case _:
            return pa.compress(content, codec={"zst": "zstd", "br": "brotli"}.get(suffix, suffix), asbytes=True)


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz", "zip", "zst", "br"])
def test_packed_files_load_as_what_is_in_them_and_a_cut_one_is_refused(bench: Bench, suffix: str) -> None:
    whole = packed(CSV.encode(), suffix)
    bench.write(f"data/a.csv.{suffix}", whole)
    staged = bench.load(orders("data/*"))
    assert (staged.rows_read, staged.rows_quarantined) == (3, 1)
    assert bench.raw("id, name, _source_file") == [
        (1, "é", f"data/a.csv.{suffix}"),
        (3, "c", f"data/a.csv.{suffix}"),
    ]
    assert bench.quarantined("line, raw_text") == [(3, "2")]
    bench.write(f"data/a.csv.{suffix}", whole[:-5])
    with pytest.raises(DataError, match=rf"data/a\.csv\.{suffix} cannot be read"):
        bench.load(orders("data/*"))
    assert bench.raw("count(*)") == [(2,)]


@pytest.mark.parametrize(
    ("name", "content", "misfit"),
    [
        ("a.csv.gz", "id,name\n1,a\nx,b\n", (3, "x,b")),
        ("a.jsonl.gz", '{"id": 1}\n{"id": "x"}\n', (2, '{"id": "x"}')),
        ("a.json.gz", '[{"id": 1},\n{"id": "x"}]', (2, '{"id": "x"}')),
    ],
)
def test_a_value_that_does_not_fit_is_found_in_what_is_packed(
    bench: Bench, name: str, content: str, misfit: tuple[int, str]
) -> None:
    bench.write(f"data/{name}", gzip.compress(content.encode()))
    staged = bench.load(orders("data/*", columns={"id": {"type": "integer"}}))
    assert (staged.rows_loaded, staged.rows_quarantined) == (1, 1)
    assert bench.quarantined("line, raw_text") == [misfit]


def test_a_full_disk_is_not_taken_for_a_broken_file(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    bench.write("data/a.csv.gz", gzip.compress(CSV.encode()))
    monkeypatch.setattr("kpi_pipeline.ingest.unpack.shutil.copyfileobj", full)
    with pytest.raises(StorageError, match="cannot be written: No space left on device"):
        bench.load(orders("data/*"))


def test_packed_json_lines_and_two_packed_members(bench: Bench) -> None:
    bench.write("data/a.jsonl.gz", gzip.compress(b'{"id": 1}\n') + gzip.compress(b'{"id": 2}\nno\n'))
    bench.load(orders("data/*.jsonl.gz"))
    assert bench.raw("id") == [(1,), (2,)]
    assert bench.quarantined("line") == [(3,)]
    with zipfile.ZipFile(bench.root / "data/b.csv.zip", "w") as archive:
        archive.writestr("a.csv", "id\n1\n")
        archive.writestr("b.csv", "id\n2\n")
    with pytest.raises(DataError, match=r"b\.csv\.zip holds 2 files \('a\.csv', 'b\.csv'\)"):
        bench.load(orders("data/b.csv.zip"))


def test_json_arrays_keep_the_line_of_each_element(bench: Bench) -> None:
    bench.write(
        "data/a.json",
        '[\n  {"id": 1, "tags": ["a",\n   "b"]},\r\n  7,\n  {"id": "x", "text": "[{\\n"}, {"id": 3, "text": "ü"}\n]\n',
    )
    bench.write("data/b.json", '{"id": 4}\n{\n "id": 5\n}\n')
    bench.load(orders("data/*.json", columns={"id": {"type": "integer"}}))
    assert bench.raw("id, tags, text") == [(1, '["a","b"]', None), (3, None, "ü"), (4, None, None), (5, None, None)]
    assert bench.quarantined("line, reason, raw_text") == [
        (4, "the line is not a JSON object", "7"),
        (5, '"x" is not a whole number', '{"id": "x", "text": "[{\\n"}'),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[{"id": 1}, {"id": ', "line 1"),
        ('[{"id": 1}\n', "the array is not closed.*line 2"),
        ('[{"id": 1}\n{"id": 2}]', "a comma or the end of the array is missing.*line 2"),
        ('[{"id": 1}] x', "something follows the end of the array"),
        ("[" * 3000, "nested too deeply"),
    ],
)
def test_a_broken_json_array_is_refused_with_its_line(bench: Bench, content: str, message: str) -> None:
    bench.write("data/a.json", content)
    with pytest.raises(DataError, match=rf"(?s)data/a\.json is not JSON: .*{message}"):
        bench.load(orders("data/*.json"))


def test_elements_that_end_where_a_piece_ends_are_read_whole(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kpi_pipeline.ingest.json_array.PIECE", 3)
    bench.write("data/a.json", '[{"id": 1234567}, 12345,\n{"id": 2, "t": "a, ]b"}]')
    bench.load(orders("data/*.json"))
    assert bench.raw("id, t") == [(2, "a, ]b"), (1234567, None)]
    assert bench.quarantined("line, raw_text") == [(1, "12345")]


def test_lines_above_the_header_are_left_out_but_counted(bench: Bench) -> None:
    bench.write("data/a.csv", 'Report, "of May\n\nid;name\n1;a\n2\n3;c\n')
    bench.load(orders(connector={"skip_rows": 2}))
    assert bench.raw("id, name") == [(1, "a"), (3, "c")]
    assert bench.quarantined("line, raw_text") == [(5, "2")]


def write_partitions(bench: Bench) -> None:
    for year, city, rows in [(2023, "Bern", [1, 2]), (2024, "S%C3%A3o Paulo", [3]), (2024, None, [4])]:
        city_folder = city or "__HIVE_DEFAULT_PARTITION__"
        bench.write(f"data/year={year}/city={city_folder}/a.csv", "id\n" + "".join(f"{one}\n" for one in rows))


def test_folders_give_columns_with_the_types_of_their_values(bench: Bench) -> None:
    write_partitions(bench)
    bench.load(orders("data/**/*.csv"))
    assert bench.types() == {"id": "BIGINT", "year": "BIGINT", "city": "VARCHAR"}
    assert bench.raw("id, year, city") == [
        (1, 2023, "Bern"),
        (2, 2023, "Bern"),
        (3, 2024, "São Paulo"),
        (4, 2024, None),
    ]
    bench.load(orders("data/**/*.csv", columns={"year": {"type": "text"}}))
    assert bench.types()["year"] == "VARCHAR"
    bench.load(orders("data/**/*.csv", connector={"hive": False}), full=True)
    assert bench.types() == {"id": "BIGINT"}


def test_what_all_folders_say_decides_the_type_and_words_for_unknown_are_none(bench: Bench) -> None:
    for at, folder in enumerate(["2024-05-01", "2024-05-02", "n/a"]):
        bench.write(f"data/said={folder.replace('/', '%2F')}/a.csv", f"id\n{at}\n")
    source = orders("data/*/*.csv", null_values=["n/a"])
    bench.load(source)
    assert bench.types()["said"] == "DATE"
    assert bench.raw("id, CAST(said AS VARCHAR)") == [(0, "2024-05-01"), (1, "2024-05-02"), (2, None)]
    bench.write("data/said=1/b.csv", "id\n")
    bench.load(source)
    assert bench.types()["said"] == "DATE", "a file without rows says nothing of the type"
    bench.write("data/said=soon/b.csv", "id\n4\n")
    bench.load(source, full=True)
    assert bench.types()["said"] == "VARCHAR"


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl"])
def test_a_column_beside_its_folder_must_say_the_same(bench: Bench, suffix: str) -> None:
    (bench.root / "data/year=2024").mkdir(parents=True)
    path = bench.root / f"data/year=2024/a.{suffix}"

    def write(frame: pl.DataFrame) -> None:
        {"parquet": frame.write_parquet, "csv": frame.write_csv, "jsonl": frame.write_ndjson}[suffix](path)

    source = orders(f"data/*/*.{suffix}")
    write(pl.DataFrame({"id": [1], "Year": [2024]}))
    bench.load(source)
    assert bench.raw('id, "Year"') == [(1, 2024)]
    write(pl.DataFrame({"id": [1, 2], "Year": [2024, 2023]}))
    with pytest.raises(
        DataError, match=r"has a column 'Year' with the value '2023', and lies in the folder 'year=2024'"
    ):
        bench.load(source)


def test_a_file_outside_of_the_folders_is_named(bench: Bench) -> None:
    write_partitions(bench)
    bench.write("data/b.csv", "id\n9\n")
    with pytest.raises(DataError, match=r"data/b\.csv lies in no folder such as year=2024"):
        bench.load(orders("data/**/*.csv", connector={"hive": True}))
    bench.write("data/year=1/year=2/c.csv", "id\n9\n")
    with pytest.raises(DataError, match="Two folders of .* are called 'year=…'"):
        bench.load(orders("data/year=1/**/*.csv"))


def write_table(bench: Bench, suffix: str, frame: pl.DataFrame) -> None:
    (bench.root / "data").mkdir(exist_ok=True)
    path = bench.root / f"data/a.{suffix}"
    match suffix:
        case "parquet":
            frame.write_parquet(path)
        case "csv.gz":
            path.write_bytes(gzip.compress(frame.write_csv().encode()))
        case "jsonl":
            frame.write_ndjson(path)
        case _:
            path.write_text(frame.write_json())


EVOLUTIONS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"id": [1]}, {"id": [2], "v": ["x"]}, "new column 'v' (VARCHAR)"),
    ({"id": [1]}, {"id": [2.5]}, "column 'id' was BIGINT and is DOUBLE now"),
]


@pytest.mark.parametrize("suffix", ["parquet", "csv.gz", "jsonl", "json"])
def test_in_every_format_columns_join_widen_and_are_missed(bench: Bench, suffix: str) -> None:
    source = orders(f"data/*.{suffix}")
    for before, after, note in EVOLUTIONS:
        write_table(bench, suffix, pl.DataFrame(before))
        bench.load(source, full=True)
        write_table(bench, suffix, pl.DataFrame(after))
        assert note in bench.load(source).notes
    write_table(bench, suffix, pl.DataFrame({"v": ["x"]}))
    with pytest.raises(DataError, match=r"has lost column 'id'"):
        bench.load(source)
    narrow = {"parquet": pl.Series([1], dtype=pl.Int8)}.get(suffix, pl.Series(["text"]))
    write_table(bench, suffix, pl.DataFrame({"id": narrow}))
    with pytest.raises(DataError, match=r"Column 'id' of source 'orders' was DOUBLE and is \w+ in data/a"):
        bench.load(source)
