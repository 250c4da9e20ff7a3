"""Rows in quarantine tried again: what fits now is loaded once, the rest stays, and nothing is counted twice."""

from __future__ import annotations

from typing import Any

import pytest

from kpi_pipeline.ingest import forget_files
from kpi_pipeline.sources import Source
from kpi_pipeline.store.quarantined import drop_rows, quarantined
from tests.ingest.conftest import NOW, Bench, orders

KNOWN = [{"type": "relationships", "column": "customer", "to": "customers", "severity": "quarantine", "name": "known"}]
CUSTOMERS = Source.model_validate({"name": "customers", "connector": {"type": "file", "path": "customers.csv"}})
ORDERS = "id,customer,day,note\n1,c1,2016-01-01,\n2,c2,2016-01-02,x\n3,c3,2016-01-03,?\nbroken\n"


def known(**rest: Any) -> Source:
    rest = {"load": {"mode": "append", "cursor": "day"}, "checks": KNOWN, "null_values": ["?"], **rest}
    return orders(**rest)


def customers(bench: Bench, *names: str) -> None:
    bench.write("customers.csv", "\n".join(["customer", *names]) + "\n")
    bench.load(CUSTOMERS)


def counted(bench: Bench) -> list[tuple[Any, ...]]:
    """Of each file what is remembered of it, and what is there."""
    return bench.warehouse.rows("""
        SELECT file, rows, quarantined, (SELECT count(*) FROM raw.orders WHERE _source_file = file),
            (SELECT count(*) FROM quarantine.orders WHERE _source_file = file) FROM state.source_file
        WHERE source = 'orders' ORDER BY file""")


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_what_fits_now_is_loaded_as_if_it_had_come_in_time(bench: Bench, form: str) -> None:
    if form == "csv":
        bench.write("data/a.csv", ORDERS)
    else:
        (bench.root / "data").mkdir()
        rows = (
            "VALUES (1, 'c1', DATE '2016-01-01', NULL), (2, 'c2', DATE '2016-01-02', 'x'), (3, 'c3', '2016-01-03', '?')"
        )
        as_format = {"jsonl": "JSON", "parquet": "PARQUET"}[form]
        bench.warehouse.run(
            f"COPY (SELECT * FROM ({rows}) AS t (id, customer, day, note)) TO '{bench.root}/data/a.{form}' (FORMAT {as_format})"
        )
    source = known(connector={"path": f"data/*.{form}"})
    customers(bench, "c1")
    bench.load(source)
    assert bench.raw("id") == [(1,)]
    customers(bench, "c1", "c2")
    staged = bench.replay(source)
    assert staged is not None
    assert (staged.rows_read, staged.rows_loaded, staged.rows_quarantined) == (2, 1, 1)
    customers(bench, "c1", "c2", "c3")
    assert bench.replay(source) is not None
    own = bench.raw("id, customer, day, note, _source_file")
    assert [row[0] for row in own] == [1, 2, 3]
    broken = 1 if form == "csv" else 0
    assert counted(bench) == [(f"data/a.{form}", 3, broken, 3, broken)]
    assert bench.replay(source) is None
    assert not bench.load(source).changed
    bench.load(source, full=True)
    assert bench.raw("id, customer, day, note, _source_file") == own


def test_what_still_does_not_fit_keeps_its_line_text_and_age_and_what_was_said_of_it(bench: Bench) -> None:
    bench.write("data/a.csv", ORDERS)
    customers(bench, "c1")
    bench.load(known())
    told = "line, reason, raw_text, fields, _quarantined_at, status"
    before = bench.quarantined(told)
    assert drop_rows(bench.warehouse, "orders", note="ana: a test", now=NOW, line=4) == 1
    assert drop_rows(bench.warehouse, "orders", note="ana: a test", now=NOW, line=4) == 0
    customers(bench, "c1", "c3")
    assert bench.replay(known()) is None
    dropped = [(*row[:-1], "dropped" if row[0] == 4 else "open") for row in before]
    assert bench.quarantined(told) == dropped
    customers(bench, "c1", "c9")
    bench.load(known(), full=True)
    assert bench.quarantined(told) == dropped
    assert counted(bench) == [("data/a.csv", 1, 3, 1, 3)]
    assert quarantined(bench.warehouse, "orders")["status_note"].to_list() == [None, "ana: a test", None]


def test_rows_whose_file_is_gone_are_tried_by_the_text_that_was_kept(bench: Bench) -> None:
    file = bench.write("data/a.csv", "id,customer,day,note\n7,c7,2016-01-07,y\n")
    bench.write("data/b.csv", "id,customer,day,note\n1,c1,2016-01-01,\n")
    customers(bench, "c1")
    bench.load(known())
    file.unlink()
    customers(bench, "c1", "c7")
    bench.load(known())
    assert bench.replay(known()) is not None
    assert bench.raw("id, note, _source_file") == [(1, None, "data/b.csv"), (7, "y", "data/a.csv")]


def test_personal_rows_are_tried_by_reading_their_file_again(bench: Bench) -> None:
    bench.write("data/a.csv", ORDERS)
    source = known(personal=["customer"])
    customers(bench, "c1")
    bench.load(source)
    customers(bench, "c1", "c2")
    assert bench.replay(source) is None
    assert forget_files(bench.project(), source, bench.warehouse) == ()
    assert bench.load(source).changed
    assert (bench.raw("id"), counted(bench)) == ([(1,), (2,)], [("data/a.csv", 2, 2, 2, 2)])


def test_a_newer_row_of_the_key_makes_a_misfit_obsolete_and_an_older_one_does_not(bench: Bench) -> None:
    source = known(load={"mode": "merge", "key": ["id"], "cursor": "day"}, columns={"day": {"type": "date"}})
    customers(bench, "c1")
    bench.write("data/a.csv", "id,customer,day\n1,c9,2016-01-05\n2,c9,2016-01-05\n")
    bench.load(source)
    bench.write("data/b.csv", "id,customer,day\n1,c1,2016-01-06\n2,c1,2016-01-04\n")
    bench.load(source)
    assert bench.quarantined("line, status, status_note") == [
        (2, "obsolete", "a newer row of its key was loaded"), (3, "open", None),
    ]  # fmt: skip
    customers(bench, "c1", "c9")
    assert bench.replay(source) is not None
    assert bench.raw("id, customer, CAST(day AS VARCHAR)") == [(1, "c1", "2016-01-06"), (2, "c9", "2016-01-05")]


def test_a_quarantine_of_an_earlier_version_is_read_and_gets_its_columns(bench: Bench) -> None:
    bench.write("data/a.csv", "id\n1\n2,x\n")
    bench.load(orders(load={"mode": "append"}))
    for column in ("check_name", "fields", "status", "status_at", "status_note"):
        bench.warehouse.run(f"ALTER TABLE quarantine.orders DROP COLUMN {column}")
    assert quarantined(bench.warehouse, "orders").select("line", "status", "can_be_tried").rows() == [
        (3, "open", False)
    ]
    assert bench.replay(orders(load={"mode": "append"})) is None
    bench.write("data/b.csv", "id\n3\n")
    bench.load(orders(load={"mode": "append"}))
    assert bench.quarantined("line, status") == [(3, "open")]
