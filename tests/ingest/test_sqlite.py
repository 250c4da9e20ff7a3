"""Rows of a SQLite file, where any value may be of any type."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.errors import DataError, DefinitionError
from kpi_pipeline.sources import Source
from kpi_pipeline.store.quarantined import drop_rows
from tests.ingest.conftest import NOW, Bench

pytest.importorskip("adbc_driver_sqlite", reason="the extra sqlite is not installed")


def run(root: Path, *statements: str) -> None:
    with sqlite3.connect(root / "erp.sqlite") as file:
        for statement in statements:
            file.execute(statement)
    file.close()


def invoices(**rest: Any) -> Source:
    connector = {"type": "database", "driver": "sqlite", "uri": "erp.sqlite", "table": "invoices"}
    return Source.model_validate({"name": "orders", "connector": connector | rest.pop("connector", {}), **rest})


def test_types_are_those_of_the_values(bench: Bench) -> None:
    run(
        bench.root,
        "CREATE TABLE invoices (id INTEGER, code TEXT, price REAL, day DATE, at TEXT, mixed, raw BLOB, empty)",
        "INSERT INTO invoices VALUES (1, '00123', 0.1, '2024-02-29', '2024-02-29 10:00:00', 1, x'01', NULL)",
        "INSERT INTO invoices VALUES (9007199254740993, '456', 2, NULL, NULL, 'one', NULL, NULL)",
    )
    bench.load(invoices())
    assert bench.types() == {
        "id": "BIGINT", "code": "VARCHAR", "price": "DOUBLE", "day": "DATE", "at": "TIMESTAMP", "mixed": "VARCHAR",
        "raw": "BLOB", "empty": "VARCHAR",
    }  # fmt: skip
    assert [row[:7] for row in bench.raw("*")] == [
        (1, "00123", 0.1, date(2024, 2, 29), datetime(2024, 2, 29, 10), "1", b"\x01"),
        (9007199254740993, "456", 2.0, None, None, "one", None),
    ]
    staged = bench.load(invoices(columns={"mixed": {"type": "integer"}}))
    assert (staged.rows_read, staged.rows_loaded, staged.rows_quarantined) == (2, 1, 1)
    assert bench.quarantined("line, column_name, value, reason") == [(2, "mixed", "one", '"one" is not a whole number')]


def test_moments_written_as_text_make_a_window_of_whole_days(bench: Bench) -> None:
    run(bench.root, "CREATE TABLE invoices (id INTEGER, at TEXT)")
    run(
        bench.root,
        "INSERT INTO invoices VALUES (1, '2016-05-01T09:00:00'), (2, '2016-05-02 09:00:00'), (3, '2016-05-02T10:00:00')",
    )
    source = invoices(load={"mode": "append", "cursor": "at"})
    bench.load(source)
    run(
        bench.root,
        "INSERT INTO invoices VALUES (4, '2016-05-02T08:00:00'), (5, NULL)",
        "DELETE FROM invoices WHERE id IN (1, 2)",
    )
    assert bench.load(source).rows_read == 3
    assert bench.raw("id") == [(1,), (3,), (4,), (5,)]
    assert not bench.load(source).changed


def test_a_column_that_stops_being_numbers_is_read_anew_as_text(bench: Bench) -> None:
    run(
        bench.root,
        "CREATE TABLE invoices (id INTEGER, what, at DATE)",
        "INSERT INTO invoices VALUES (1, 1.50, '2016-05-01')",
    )
    source = invoices(load={"mode": "append", "cursor": "at"})
    bench.load(source)
    run(bench.root, "INSERT INTO invoices VALUES (2, 'n/a', '2016-05-02')")
    bench.load(source)
    assert bench.raw("id, what") == [(1, "1.5"), (2, "n/a")]


def test_what_is_not_there_is_told(bench: Bench) -> None:
    with pytest.raises(DataError, match=r"there is no file .*erp\.sqlite\.\nHint: `uri`"):
        bench.load(invoices())
    assert not (bench.root / "erp.sqlite").exists()
    run(bench.root, "CREATE TABLE invoices (id INTEGER)")
    with pytest.raises(DefinitionError, match="cannot read invoces: .*no such table"):
        bench.load(invoices(connector={"table": "invoces"}))
    (bench.root / "erp.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(DataError, match="file is not a database"):
        bench.load(invoices())


@pytest.mark.parametrize("mode", ["full", "append", "merge"])
def test_rows_that_fail_a_check_wait_for_their_mending(bench: Bench, mode: str) -> None:
    loads: dict[str, dict[str, Any]] = {"full": {}, "append": {"lookback": "1 day"}, "merge": {"key": ["id"]}}
    check = {"type": "accepted_range", "column": "price", "min": 0, "severity": "quarantine"}
    load = {"mode": mode, "cursor": "at", **loads[mode]}
    source = invoices(load=load, checks=[check])
    run(
        bench.root,
        "CREATE TABLE invoices (id INTEGER, at TEXT, price REAL, raw BLOB)",
        "INSERT INTO invoices VALUES (1, '2016-05-01 09:00:00', 5, x'00ff'), (2, '2016-05-02 09:00:00', -1, x'00ff')",
        "INSERT INTO invoices VALUES (9, '2016-05-02 12:00:00', 9, NULL)",
    )
    bench.load(source)
    run(bench.root, "UPDATE invoices SET price = -2, at = '2016-05-03 09:00:00' WHERE id = 1")
    bench.load(source)
    assert bench.raw("id") == [(9,)]
    assert [row[0] for row in bench.warehouse.rows("SELECT value FROM quarantine.orders ORDER BY 1")] == [
        "-1.0",
        "-2.0",
    ]
    assert drop_rows(bench.warehouse, "orders", note="ana: a test", now=NOW, check="accepted_range") == 2
    assert not bench.load(source).changed
    run(bench.root, "INSERT INTO invoices VALUES (3, '2016-05-04 09:00:00', 1, NULL)")
    bench.load(source)
    assert bench.warehouse.rows("SELECT status, count(*) FROM quarantine.orders GROUP BY 1") == [("dropped", 2)]
    bench.warehouse.run("UPDATE quarantine.orders SET status = 'open'")
    mended = invoices(load=load, checks=[check | {"min": -1}])
    assert bench.replay(mended) is not None
    assert bench.raw("id, price, raw")[-3:] == [(2, -1.0, b"\x00\xff"), (3, 1.0, None), (9, 9.0, None)]
    rows = bench.raw("id, price"), bench.warehouse.rows("SELECT value, status FROM quarantine.orders")
    assert rows[1] == [("-2.0", "open")]
    bench.load(mended)
    assert (bench.raw("id, price"), bench.warehouse.rows("SELECT value, status FROM quarantine.orders")) == rows


@pytest.mark.parametrize("mode", [{"mode": "append"}, {"mode": "merge", "key": ["id"], "deletions": "compare_keys"}])
def test_where_the_newest_rows_go_the_window_begins_earlier_at_once(bench: Bench, mode: dict[str, Any]) -> None:
    source = invoices(load={"cursor": "at", "lookback": "20 days", **mode})
    run(
        bench.root,
        "CREATE TABLE invoices (id INTEGER, at DATE, price REAL, raw BLOB)",
        "INSERT INTO invoices VALUES (1, '2016-03-01', 7, NULL), (2, '2016-02-19', 5, NULL), (3, '2016-01-25', 2, NULL)",
    )
    bench.load(source)
    run(bench.root, "UPDATE invoices SET at = '2016-02-01' WHERE id = 1", "UPDATE invoices SET price = 3 WHERE id = 3")
    bench.load(source)
    rows = bench.raw("id, price")
    assert rows == [(1, 7.0), (2, 5.0), (3, 2.0)]  # of the third, nothing said that it changed
    assert not bench.load(source).changed
    run(bench.root, "DELETE FROM invoices WHERE id < 3", "INSERT INTO invoices VALUES (4, '2016-01-26', 1, NULL)")
    bench.load(source)
    assert not bench.load(source).changed
