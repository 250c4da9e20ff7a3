"""Rows that a function of the project gives, as frames of any kind or as dicts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from kpi_pipeline.errors import DataError, DefinitionError
from kpi_pipeline.sources import Source
from tests.ingest.conftest import Bench


def given(function: str = "erp:orders", **rest: Any) -> Source:
    connector = {"type": "python", "function": function, "arguments": rest.pop("arguments", {})}
    return Source.model_validate({"name": "orders", "connector": connector, **rest})


@pytest.mark.parametrize(
    "body",
    [
        "return [{'id': 1, 'day': date(2016, 5, 1), 'note': None}, {'id': 2, 'day': date(2016, 5, 2), 'note': 'x'}]",
        "yield {'id': 1, 'day': date(2016, 5, 1)}\n    yield {'id': 2, 'day': date(2016, 5, 2), 'note': 'x'}",
        "import polars; return polars.DataFrame({'id': [1, 2], 'day': [date(2016, 5, 1), date(2016, 5, 2)], 'note': [None, 'x']})",
        "import polars; return polars.LazyFrame({'id': [1, 2], 'day': [date(2016, 5, 1), date(2016, 5, 2)], 'note': [None, 'x']})",
        "import pandas; return pandas.DataFrame({'id': [1, 2], 'day': [date(2016, 5, 1), date(2016, 5, 2)], 'note': [None, 'x']})",
        "import pyarrow; return pyarrow.table({'id': [1, 2], 'day': [date(2016, 5, 1), date(2016, 5, 2)], 'note': [None, 'x']})",
        "import pyarrow\n    for n, x in ((1, None), (2, 'x')): yield pyarrow.record_batch({'id': [n], 'day': [date(2016, 5, n)], 'note': [x]})",
    ],
)
def test_rows_may_come_as_anything_that_is_a_table(bench: Bench, body: str) -> None:
    bench.write("erp.py", f"from datetime import date\n\ndef orders():\n    {body}\n")
    staged = bench.load(given())
    assert bench.raw("id, day, note") == [(1, date(2016, 5, 1), None), (2, date(2016, 5, 2), "x")]
    assert (staged.rows_read, bench.raw("DISTINCT _source_file")) == (2, [("python:erp:orders",)])


def test_no_value_is_lost_where_pieces_differ(bench: Bench) -> None:
    bench.write(
        "erp.py",
        "import polars as pl\n\ndef orders(first):\n"
        "    yield pl.DataFrame({'id': [first], 'n': [1]})\n"
        "    yield pl.DataFrame({'id': [2], 'n': [2.5], 'more': ['a']})\n"
        "    yield [{'id': 3, 'n': 3, 'nested': {'a': [1]}}, {'id': 4, 'n': None, 'nested': 'plain'}, {'id': 5, 'n': 10**30}]\n",
    )
    bench.load(given(arguments={"first": 1}))
    assert bench.raw("id, n, more, nested") == [
        (1, "1.0", None, None), (2, "2.5", "a", None), (3, "3", None, '{"a": [1]}'), (4, None, None, "plain"),
        (5, "1" + "0" * 30, None, None),
    ]  # fmt: skip
    staged = bench.load(given(arguments={"first": 1}, columns={"n": {"type": "integer"}}))
    assert (staged.rows_read, staged.rows_loaded, staged.rows_quarantined) == (5, 3, 2)


SINCE = """
from datetime import datetime
from rows import ROWS

def orders(since):
    return [row for row in ROWS if since is None or row["at"] {} since]

def all_orders(since):
    return ROWS
"""


@pytest.mark.parametrize("name", [">=", ">", "all"])
def test_since_may_be_meant_in_any_way(bench: Bench, name: str) -> None:
    def rows(*numbers: int) -> None:
        bench.write(
            "rows.py",
            f"from datetime import datetime\nROWS = [{{'id': n, 'at': datetime(2016, 5, n)}} for n in {numbers}]",
        )
        __import__("sys").modules.pop("rows", None)

    bench.write("erp.py", SINCE.format(name if name != "all" else ">="))
    source = given("erp:all_orders" if name == "all" else "erp:orders", load={"mode": "append", "cursor": "at"})
    rows(1, 2, 3)
    assert bench.load(source).rows_loaded == 3
    assert not bench.load(source).changed
    rows(1, 2, 3, 4, 5)
    bench.load(source)
    assert bench.raw('id, "at"')[-1] == (5, datetime(2016, 5, 5))
    assert bench.raw("count(*), count(DISTINCT id)") == [(5, 5)]


def test_what_a_function_does_wrong_is_told_with_its_line(bench: Bench) -> None:
    bench.write(
        "erp.py",
        "def orders():\n    yield {'id': 1}\n    raise ValueError('no answer')\n\ndef text():\n    return 'a,b'\n\ndef plain():\n    return []\n",
    )
    for source, kind, said in (
        (given(), DataError, r"Source 'orders': erp:orders failed: ValueError: no answer \(erp\.py:3\)\.\nHint: "),
        (given("erp:text"), DataError, "python:erp:text gave str, which is no table of rows"),
        (given("erp:plain"), DataError, "gave no rows, and nothing says what its columns are"),
        (given("erp:oders"), DefinitionError, "erp.py has no function 'oders'.\nHint: did you mean 'orders'"),
        (given("crm:orders"), DefinitionError, "there is no file crm.py in the project"),
        (given("erp:plain", load={"mode": "append", "cursor": "id"}), DefinitionError, "which takes no `since`"),
    ):  # fmt: skip
        with pytest.raises(kind, match=said):
            bench.load(source)


def test_only_files_of_the_project_are_run(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "elsewhere.py"
    outside.write_text("def orders():\n    return [{'id': 1}]\n", encoding="utf-8")
    (bench.root / "linked.py").symlink_to(outside)
    for function in ("linked:orders", "os:listdir", "elsewhere:orders"):
        with pytest.raises(DefinitionError, match="there is no file"):
            bench.load(given(function))
    with pytest.raises(ValueError, match="does not name a function"):
        given("../elsewhere:orders")
