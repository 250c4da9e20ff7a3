"""CSV: every record is loaded or quarantined, whatever it looks like."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpi_pipeline.errors import DataError
from tests.ingest.conftest import Bench, orders


def test_a_broken_line_goes_to_quarantine_and_all_others_load(bench: Bench) -> None:
    bench.write(
        "data/a.csv",
        'id,name,amount\n1,"two\nlines, ""quoted""",1.5\n2,b\n3,c,3,more\n4,"d"x,4\n\n5,é,5\n',
    )
    staged = bench.load(orders())
    assert (staged.rows_read, staged.rows_loaded, staged.rows_quarantined) == (5, 2, 3)
    assert bench.raw("id, name, amount") == [(1, 'two\nlines, "quoted"', 1.5), (5, "é", 5.0)]
    assert bench.quarantined("line, column_name, reason, raw_text") == [
        (4, "amount", "the line has 2 values, the header names 3", "2,b"),
        (5, None, "the line has 4 values, the header names 3", "3,c,3,more"),
        (6, None, "a quote is not closed before the value goes on", '4,"d"x,4'),
    ]
    assert staged.notes == ("3 of 5 rows of data/a.csv do not fit",)


def test_an_open_quote_costs_one_line_not_the_rest_of_the_file(bench: Bench) -> None:
    bench.write("data/a.csv", 'id,name\n1,a\n2,"open\n3,c\n4,"d"\n5,"also open\n6,f\n')
    bench.load(orders())
    assert bench.raw("id, name") == [(1, "a"), (3, "c"), (4, "d"), (6, "f")]
    assert bench.quarantined("line, raw_text") == [(3, '2,"open'), (6, '5,"also open')]


@pytest.mark.parametrize(
    ("content", "encoding", "expected"),
    [
        ("id;name\r\n1;a\r\n2;b", "utf-8", [(1, "a"), (2, "b")]),
        ("\ufeffid\tname\n1\ta\n", "utf-8", [(1, "a")]),
        ('id, name\n1, "a, b"\n2, "c"\n', "utf-8", [(1, "a, b"), (2, "c")]),
        ("id,name\n1,a\r\n2,b\n", "utf-8", [(1, "a"), (2, "b")]),
        ("id,name\r1,a\r2,b\r", "utf-8", [(1, "a"), (2, "b")]),
        ("id,name\n1,é\n", "latin-1", [(1, "é")]),
        ("id,name\n1,€\n", "cp1252", [(1, "€")]),
        ("id,name\n1,日本\n", "utf-16", [(1, "日本")]),
        ('id|name\n1|"a|b"\n', "utf-8", [(1, "a|b")]),
    ],
)
def test_delimiters_line_ends_and_encodings(bench: Bench, content: str, encoding: str, expected: list[object]) -> None:
    bench.write("data/a.csv", content.encode(encoding))
    bench.load(orders(connector={"encoding": encoding}))
    assert bench.raw("id, name") == expected


def test_a_line_in_another_encoding_goes_to_quarantine(bench: Bench) -> None:
    bench.write("data/a.csv", b"id,name\n1,a\n2,\xff\xfe\n3,c\n")
    bench.load(orders())
    assert bench.raw("id") == [(1,), (3,)]
    assert bench.quarantined("line, reason") == [(3, "it is not utf-8 text")]


def test_a_file_in_another_encoding_altogether_is_an_error(bench: Bench) -> None:
    bench.write("data/a.csv", "id,name\n1,a\n".encode("utf-16-le") + b"\x00\xd8")
    with pytest.raises(DataError, match=r"data/a\.csv is not text in the encoding utf-16"):
        bench.load(orders(connector={"encoding": "utf-16-le"}))


def test_types_are_found_by_looking_at_every_value(bench: Bench) -> None:
    rows = "".join(f"{n},0{n % 10},{n},2016-01-01,2016-01-01 10:00,true,\n" for n in range(1500))
    bench.write(
        "data/a.csv", f"whole,code,late,day,moment,flag,nothing\n{rows}1,01,x,2016-01-02,2016-01-02 11:00,false,\n"
    )
    bench.load(orders())
    assert bench.types() == {
        "whole": "BIGINT",
        "code": "VARCHAR",
        "late": "VARCHAR",
        "day": "DATE",
        "moment": "TIMESTAMP",
        "flag": "BOOLEAN",
        "nothing": "VARCHAR",
    }


def test_header_only_loads_no_rows_and_says_so(bench: Bench) -> None:
    bench.write("data/a.csv", "id,name\n")
    staged = bench.load(orders())
    assert bench.raw("*") == []
    assert staged.notes == ("data/a.csv has no rows, only a header", "the table has no rows")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,A\n1,2\n", "has two columns named 'A'"),
        ("a,_run_id\n1,2\n", "a name that every raw table uses for itself"),
        ("\n\n", "not even a header"),
        ('"a"b,c\n1,2\n', "header of data/a.csv cannot be read"),
    ],
)
def test_headers_that_cannot_be_used(bench: Bench, content: str, message: str) -> None:
    bench.write("data/a.csv", content)
    with pytest.raises(DataError, match=message):
        bench.load(orders())


PIECES = st.lists(
    st.sampled_from(["a", "b,1", ",", '"', "\n", '""', " ", '"x"', "1,2\n", "é", "\r\n", "\r"]), max_size=16
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PIECES)
def test_loaded_and_quarantined_are_all_there_is(bench: Bench, pieces: list[str]) -> None:
    """The count is checked within every load: whatever the bytes, no InternalError."""
    bench.write("data/a.csv", "id,name\n" + "".join(pieces))
    staged = bench.load(orders(load={"allow_empty": True}), full=True)
    assert staged.rows_loaded + staged.rows_quarantined == staged.rows_read
