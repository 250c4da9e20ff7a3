"""The contract of columns: what fits, what is quarantined, and what nobody may see."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from kpi_pipeline.errors import DataError, DefinitionError
from tests.ingest.conftest import Bench, orders


@pytest.mark.parametrize(
    ("column", "good", "bad", "reason"),
    [
        ({"type": "integer"}, {"7": 7, " -3 ": -3, "13085.0": 13085}, ["3.7", "1e3", "x"], "a whole number"),
        ({"type": "decimal"}, {"1.10": Decimal("1.1"), "-.5": Decimal("-0.5")}, ["1.23456", "1,5", "nan"], "an amount"),
        ({"type": "number"}, {"1e3": 1000.0, "2.": 2.0}, ["inf", "NaN", "1_000"], "a number"),
        ({"type": "boolean"}, {"Yes": True, "0": False}, ["2", "maybe"], "true or false"),
        ({"type": "date"}, {"2016-02-29": date(2016, 2, 29)}, ["2015-02-29", "2016-01-01 10:00", "today"], "a date"),
        (
            {"type": "timestamp"},
            {
                "2016-07-01T10:00:00Z": datetime.fromisoformat("2016-07-01 11:00"),
                "2016-07-01 10:00": datetime.fromisoformat("2016-07-01 10:00"),
            },
            ["infinity", "31/02/2016 10:00"],
            "a timestamp",
        ),
        (
            {"type": "timestamp", "format": "%d/%m/%Y %H:%M"},
            {"1/2/2016 9:05": datetime.fromisoformat("2016-02-01 09:05")},
            ["31/02/2016 10:00", "2016-02-01 10:00"],
            "a timestamp written as %d/%m/%Y %H:%M",
        ),
        ({"type": "text"}, {"007": "007", " x ": " x "}, [], ""),
    ],
)
def test_values_that_fit_and_values_that_do_not(
    bench: Bench, column: dict[str, str], good: dict[str, object], bad: list[str], reason: str
) -> None:
    lines = [f'{n},"{text}"' for n, text in enumerate([*good, *bad, "", " ? "])]
    bench.write("data/a.csv", "n,v\n" + "\n".join(lines))
    source = orders(columns={"v": column}, null_values=["?"], timezone="Europe/London")
    staged = bench.load(source, timezone="Europe/London")
    assert staged.rows_quarantined == len(bad)
    assert [value for _, value in bench.raw("n, v")] == [*good.values(), None, None]
    for found, text in zip(bench.quarantined("column_name, value, reason"), bad, strict=True):
        assert found[:2] == ("v", text)
        assert found[2].startswith(f'"{text}" is not {reason}')


def test_a_file_most_of_whose_rows_do_not_fit_is_refused(bench: Bench) -> None:
    """As when an export begins to write its days another way: the rows of before stay what they are."""
    source = orders(columns={"day": {"type": "date", "format": "%d.%m.%Y"}})
    bench.write("data/a.csv", "day\n" + "".join(f"{1 + day}.2.2024\n" for day in range(24)))
    bench.load(source)
    bench.write("data/a.csv", "day\n" + "".join(f"2/{1 + day}/2024\n" for day in range(13)) + "1.2.2024\n" * 11)
    with pytest.raises(
        DataError, match=r'13 of 24 rows of data/a.csv do not fit .*in line 2: "2/1/2024" is not a date'
    ):
        bench.load(source)
    assert len(bench.raw("day")) == 24
    bench.write("data/a.csv", "day\n" + "".join(f"2/{1 + day}/2024\n" for day in range(12)) + "1.2.2024\n" * 12)
    assert bench.load(source).rows_quarantined == 12


def test_the_line_of_a_misfit_counts_the_lines_of_the_file(bench: Bench) -> None:
    bench.write("data/a.csv", 'n,v\n1,"a\nb"\n\nbroken\nx,c\n2,"d"\ny,"e\nf"\n')
    bench.load(orders(columns={"n": {"type": "integer"}}))
    assert bench.quarantined("line, value, raw_text") == [
        (5, None, "broken"),
        (6, "x", "x,c"),
        (8, "y", 'y,"e\nf"'),
    ]


def test_several_misfits_in_a_row_make_one_quarantined_row(bench: Bench) -> None:
    bench.write("data/a.csv", "a,b\nx,y\n")
    bench.load(orders(columns={"a": {"type": "integer"}, "b": {"type": "date"}}))
    assert bench.quarantined("column_name, value, reason") == [
        ("a", "x", '"x" is not a whole number; "y" is not a date')
    ]


def test_personal_values_are_never_shown(bench: Bench) -> None:
    bench.write("data/a.csv", "id,born\n1,secret1\n2,secret2,\n3,2000-01-01\n")
    bench.load(orders(columns={"born": {"type": "date"}}, personal=["born"]))
    found = bench.quarantined("line, value, reason, raw_text")
    assert found == [
        (2, "•••", '"•••" is not a date', None),
        (3, None, "the line has 3 values, the header names 2", None),
    ]
    assert "secret" not in str(bench.warehouse.rows("FROM quarantine.orders"))


@pytest.mark.parametrize(
    ("definition", "key"),
    [
        ({"columns": {"amout": {"type": "integer"}}}, "columns"),
        ({"personal": ["amout"]}, "personal"),
        ({"load": {"cursor": "amout"}}, "load.cursor"),
        ({"load": {"mode": "merge", "key": ["amout"]}}, "load.key"),
    ],
)
def test_a_column_that_the_definition_names_must_be_there(bench: Bench, definition: dict[str, Any], key: str) -> None:
    bench.write("data/a.csv", "id,amount\n1,2\n")
    with pytest.raises(DataError, match=rf"(?s)data/a\.csv has no column 'amout'.*under {key}.*did you mean 'amount'"):
        bench.load(orders(**definition))


def test_a_format_that_strptime_does_not_know_is_an_error_of_the_definition(bench: Bench) -> None:
    bench.write("data/a.csv", "at\n2016\n")
    with pytest.raises(DefinitionError, match="format that cannot be read: '%Q'"):
        bench.load(orders(columns={"at": {"type": "date", "format": "%Q"}}))
