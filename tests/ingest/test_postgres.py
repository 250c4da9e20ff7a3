"""Rows of a real PostgreSQL server: every value as it is there, every mode, and what is told where it does not work."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from threading import Thread, active_count
from typing import Any

import pytest

from kpi_pipeline.errors import DataError, DefinitionError, StorageError
from kpi_pipeline.ingest import stage_rows
from kpi_pipeline.sources import Source
from reliability.databases import Found, live
from tests.ingest.conftest import Bench
from tests.postgres import Postgres

pytest.importorskip("adbc_driver_postgresql", reason="the extra postgres is not installed")
pytestmark = pytest.mark.xdist_group("postgres")


@pytest.fixture
def there(postgres: Postgres) -> Iterator[Postgres]:
    """A database of the test's own."""
    with postgres.another_database("erp") as database:
        yield database


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage_rows, "PAUSES", (0.0,))


def invoices(there: Postgres, table: str = "invoices", **rest: Any) -> Source:
    connector = {"type": "database", "driver": "postgresql", "uri": there.url, "table": table}
    connector |= rest.pop("connector", {})
    if "query" in connector:
        del connector["table"]
    return Source.model_validate({"name": "orders", "connector": connector, **rest})


def test_every_type_keeps_its_value(bench: Bench, there: Postgres) -> None:
    there.run(
        """CREATE TYPE mood AS ENUM ('good', 'bad');
        CREATE TABLE invoices (
            "Id" bigint, small smallint, price numeric(12,2), share numeric, rate double precision, paid boolean,
            day date, at timestamp, moment timestamptz, mark uuid, doc jsonb, tags text[], felt mood,
            took interval, address inet, cash money, note varchar(20), raw bytea);
        INSERT INTO invoices VALUES
            (1, 2, 10.50, 0.123456789, 1.5, true, '2024-02-29', '2024-02-29 12:00:00.25', '2024-02-29 12:00+02',
             '6f3c0c52-0000-4000-8000-000000000001', '{"a": [1]}', '{"x,y",z}', 'good', '1 day 02:00', '10.0.0.1',
             '5.25', 'é', 'abc'),
            (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"""
    )
    staged = bench.load(invoices(there))
    kinds = bench.types()
    assert kinds | {"share": "DECIMAL(38,9)", "price": "DECIMAL(12,2)", "moment": "TIMESTAMP WITH TIME ZONE"} == kinds
    assert (
        kinds | {"Id": "BIGINT", "small": "SMALLINT", "day": "DATE", "at": "TIMESTAMP", "cash": "DECIMAL(18,4)"}
        == kinds
    )
    first, second = bench.raw("*")
    assert first[:-3] == (
        *(1, 2, Decimal("10.50"), Decimal("0.123456789"), 1.5, True, date(2024, 2, 29)),
        *(datetime(2024, 2, 29, 12, 0, 0, 250000), datetime(2024, 2, 29, 10, tzinfo=UTC)),
        *("6f3c0c52-0000-4000-8000-000000000001", '{"a": [1]}', '["x,y","z"]', "good", "1 day 02:00:00", "10.0.0.1/32"),
        *(Decimal("5.25"), "é", b"abc"),
    )
    assert set(second[1:-3]) == {None}
    assert bench.raw("DISTINCT _source_file, _run_id") == [("database:invoices", "run1")]
    assert (staged.rows_read, staged.rows_loaded, staged.rows_quarantined) == (2, 2, 0)


def test_values_that_nothing_here_can_hold_go_to_quarantine(bench: Bench, there: Postgres) -> None:
    there.run(
        """CREATE TABLE invoices (id int, price numeric(12,2), share numeric, day date, at timestamp, moment timestamptz);
        INSERT INTO invoices SELECT g, g, g, '2024-01-01', '2024-01-01', '2024-01-01' FROM generate_series(1, 10) g;
        INSERT INTO invoices VALUES (11, 'NaN', 1, NULL, NULL, NULL), (12, 1, 'Infinity', NULL, NULL, NULL),
            (13, 1, 1, 'infinity', NULL, NULL), (14, 1, 1, '4000-01-01 BC', NULL, NULL),
            (15, 1, 1, NULL, '20000-01-01', NULL), (16, 1, 1, NULL, NULL, '-infinity')"""
    )
    staged = bench.load(invoices(there))
    assert (staged.rows_read, staged.rows_loaded, staged.rows_quarantined) == (16, 10, 6)
    assert bench.quarantined("_source_file, line, column_name, value, reason") == [
        ("database:invoices", 11, "price", "NaN", '"NaN" is not a number that DECIMAL(12, 2) holds'),
        ("database:invoices", 12, "share", "Infinity", '"Infinity" is not a number that DECIMAL(18, 4) holds'),
        ("database:invoices", 13, "day", "infinity", '"infinity" is not a day or moment of the years 1 to 9999'),
        ("database:invoices", 14, "day", "4000-01-01 BC", '"4000-01-01 BC" is not a day or moment of the years 1 to 9999'),
        ("database:invoices", 15, "at", "20000-01-01 00:00:00", '"20000-01-01 00:00:00" is not a day or moment of the years 1 to 9999'),
        ("database:invoices", 16, "moment", "-infinity", '"-infinity" is not a day or moment of the years 1 to 9999'),
    ]  # fmt: skip
    bench.load(invoices(there, columns={"day": {"type": "text"}}))
    assert bench.raw("day")[-1:] == [("infinity",)]


ORDERS = "CREATE TABLE invoices (id int PRIMARY KEY, at timestamptz, amount numeric(10,2) NOT NULL)"
APPEND = {"mode": "append", "cursor": "at", "lookback": "2 days"}
MERGE = {"mode": "merge", "key": ["id"], "cursor": "at", "lookback": "2 days"}


def day(number: int) -> datetime:
    return datetime(2016, 5, number, tzinfo=UTC)


def test_a_full_load_of_the_same_rows_changes_nothing_and_says_which_days_did(bench: Bench, there: Postgres) -> None:
    there.run(
        f"{ORDERS}; INSERT INTO invoices SELECT g, '2016-05-01'::timestamptz + g * '1 day'::interval, g FROM generate_series(1, 20) g"
    )
    source = invoices(there, load={"mode": "full", "cursor": "at"})
    first = bench.load(source)
    again = bench.load(source)
    assert (first.changed, again.changed, again.state) == (True, False, first.state)
    there.run("UPDATE invoices SET amount = 0 WHERE id IN (3, 5); DELETE FROM invoices WHERE id = 7")
    third = bench.load(source)
    assert third.touched == (date(2016, 5, 4), date(2016, 5, 8))
    assert bench.raw("count(*), sum(amount)") == [(19, Decimal(210 - 3 - 5 - 7))]
    there.run(
        "UPDATE invoices SET amount = 3 WHERE id = 3; UPDATE invoices SET amount = 5 WHERE id = 5; INSERT INTO invoices VALUES (7, '2016-05-08', 7)"
    )
    assert bench.load(source).state.version == first.state.version


def test_append_asks_for_the_window_and_replaces_it(bench: Bench, there: Postgres) -> None:
    there.run(
        f"{ORDERS}; INSERT INTO invoices SELECT g, '2016-05-01'::timestamptz + g * '1 day'::interval, g FROM generate_series(1, 10) g"
    )
    source = invoices(there, load=APPEND)
    assert bench.load(source).rows_read == 10
    assert not bench.load(source).changed
    there.run(
        "UPDATE invoices SET amount = 100 WHERE id = 1;"  # before the window: an append never sees it
        "UPDATE invoices SET amount = 90 WHERE id = 9; DELETE FROM invoices WHERE id = 10;"
        "INSERT INTO invoices VALUES (11, '2016-05-12', 11), (12, '2016-05-10 12:00', 12), (13, NULL, 13), (14, '2099-01-01', 14)"
    )
    staged = bench.load(source)
    assert (staged.rows_read, staged.touched) == (6, None)
    assert bench.raw("id, amount::int")[:1] == [(1, 1)]
    assert bench.raw("id, amount::int")[7:] == [(8, 8), (9, 90), (11, 11), (12, 12), (13, 13), (14, 14)]
    there.run("DELETE FROM invoices WHERE id >= 13; INSERT INTO invoices VALUES (15, '2016-05-13', 15)")
    staged = bench.load(source)
    assert staged.rows_read == 4, "a row dated 2099 does not move the window"
    assert bench.raw("max(id), count(*)") == [(15, 12)]
    there.run("DELETE FROM invoices")
    assert not bench.load(source).changed, "an emptied table takes nothing away"


def test_merge_sees_late_updates_and_what_was_deleted(bench: Bench, there: Postgres) -> None:
    there.run(
        f"{ORDERS}; INSERT INTO invoices SELECT g, '2016-05-01'::timestamptz + g * '1 day'::interval, g FROM generate_series(1, 10) g"
    )
    plain = invoices(there, load=MERGE)
    bench.load(plain)
    assert not bench.load(plain).changed
    there.run(
        "UPDATE invoices SET at = '2016-05-12', amount = 50 WHERE id = 5; DELETE FROM invoices WHERE id IN (2, 10)"
    )
    staged = bench.load(plain)
    assert (staged.rows_read, bench.raw("count(*), sum(amount)")) == (3, [(10, Decimal(100))])
    there.run("INSERT INTO invoices VALUES (20, '2016-05-02', 'NaN')")
    compared = invoices(there, load=MERGE | {"deletions": "compare_keys"})
    bench.load(compared)
    assert bench.raw("count(*), sum(amount)") == [(8, Decimal(88))], "another definition: everything was asked for"
    assert bench.quarantined("row_key") == [('{"id":"20"}',)]
    there.run("DELETE FROM invoices WHERE id IN (1, 9, 20)")
    staged = bench.load(compared)
    assert bench.quarantined("row_key") == []
    assert (bench.raw("count(*), sum(amount)"), staged.touched) == (
        [(6, Decimal(78))],
        (date(2016, 5, 2), date(2016, 5, 10)),
    )
    assert not bench.load(compared).changed
    there.run("DELETE FROM invoices")
    with pytest.raises(DataError, match="lists no keys at all"):
        bench.load(compared)


def test_rows_marked_as_deleted_go(bench: Bench, there: Postgres) -> None:
    there.run(
        f"{ORDERS}; ALTER TABLE invoices ADD deleted_at date; INSERT INTO invoices VALUES (1, '2016-05-01', 1), (2, '2016-05-02', 2), (3, '2016-05-03', 3)"
    )
    source = invoices(there, load=MERGE | {"deleted_when": "deleted_at"})
    bench.load(source)
    there.run(
        "UPDATE invoices SET deleted_at = '2016-05-04', at = '2016-05-04' WHERE id = 1; INSERT INTO invoices VALUES (4, '2016-05-04', 4, '2016-05-04')"
    )
    bench.load(source)
    assert bench.raw("id") == [(2,), (3,)]
    assert not bench.load(source).changed
    there.run("UPDATE invoices SET deleted_at = NULL, at = '2016-05-05' WHERE id = 1")
    bench.load(source)
    assert bench.raw("id") == [(1,), (2,), (3,)]


def test_misfits_are_counted_once_however_often_they_are_asked_for(bench: Bench, there: Postgres) -> None:
    there.run(
        f"{ORDERS}; INSERT INTO invoices SELECT g, '2016-05-01'::timestamptz + g * '1 day'::interval, g FROM generate_series(1, 10) g; UPDATE invoices SET amount = 'NaN' WHERE id IN (2, 9, 10)"
    )
    for load, key in ((APPEND, None), (MERGE, '{"id":"9"}')):
        source = invoices(there, load=load)
        assert (bench.load(source).rows_quarantined, bench.raw("count(*)")) == (3, [(7,)])
        assert not bench.load(source).changed
        there.run("INSERT INTO invoices VALUES (11, '2016-05-11', 'NaN')")
        bench.load(source)
        assert bench.quarantined("row_key")[1:2] == [(key,)]
        assert [row[0] for row in bench.warehouse.rows("SELECT left(row_cursor, 10) FROM quarantine.orders ORDER BY 1")] == [
            "2016-05-03", "2016-05-10", "2016-05-11", "2016-05-11"
        ]  # fmt: skip
        there.run("UPDATE invoices SET amount = 9 WHERE id = 9")
        bench.load(source)
        assert bench.warehouse.rows("SELECT count(*) FROM quarantine.orders") == [(3,)]
        assert bench.raw("count(*)") == [(8,)]
        there.run("UPDATE invoices SET amount = 'NaN' WHERE id = 9; DELETE FROM invoices WHERE id = 11")
        bench.warehouse.run("DROP TABLE raw.orders")


def test_chunks_together_are_the_table_at_one_moment(bench: Bench, there: Postgres) -> None:
    there.run(
        "CREATE TABLE invoices AS SELECT g AS id, NULLIF(g % 10, 0) * '1 day'::interval + '2016-05-01'::timestamp AS at, repeat('x', 100) AS note "
        "FROM generate_series(1, 50000) g; CREATE VIEW seen AS SELECT * FROM invoices"
    )
    expected = [(50000, 50000, 1, 50000)]
    for chunks in ({"count": 3}, {"count": 4, "column": "at"}, {"count": 2, "column": "id"}):
        staged = bench.load(invoices(there, connector={"chunks": chunks}))
        assert staged.rows_read == 50000
        assert bench.raw("count(*), count(DISTINCT id), min(id), max(id)") == expected
    query = {"query": "SELECT id, at FROM invoices WHERE id > 40000;", "chunks": {"count": 2, "column": "id"}}
    assert bench.load(invoices(there, connector=query), full=True).rows_read == 10000
    with pytest.raises(DataError, match="is a view or a table in partitions"):
        bench.load(invoices(there, "seen", connector={"chunks": {"count": 2}}))
    with pytest.raises(DataError, match="'note' of invoices is text, which `chunks` cannot cut"):
        bench.load(invoices(there, connector={"chunks": {"count": 2, "column": "note"}}))


def test_a_load_that_stops_in_the_midst_of_its_chunks_leaves_nobody_reading(
    bench: Bench, there: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    there.run("CREATE TABLE invoices AS SELECT g AS id, repeat('x', 500) AS note FROM generate_series(1, 100000) g")

    def full(*_: Any) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr(bench.warehouse, "append", full)
    before = active_count()
    with pytest.raises(StorageError, match="the disk is full"):
        bench.load(invoices(there, connector={"chunks": {"count": 3}}))
    assert active_count() == before
    ours_alone = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'erp' AND state <> 'idle'"
    ends = time.monotonic() + 20  # a server that is asked to stop does so in its own time
    while there.rows(ours_alone) != [("1",)]:
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_a_row_written_meanwhile_is_in_the_next_load_whole(bench: Bench, there: Postgres) -> None:
    there.run("CREATE TABLE invoices AS SELECT g AS id, repeat('x', 200) AS note FROM generate_series(1, 60000) g")
    source = invoices(there, connector={"chunks": {"count": 3}})
    writer = Thread(
        target=lambda: [
            there.run(
                "INSERT INTO invoices SELECT g, 'new' FROM generate_series(60001, 60100) g; DELETE FROM invoices WHERE id <= 100"
            )
            for _ in range(2)
        ]
    )
    writer.start()
    bench.load(source)
    writer.join()
    ((gone, came),) = bench.raw("count(*) FILTER (WHERE id <= 100), count(*) FILTER (WHERE id > 60000)")
    assert (gone, came) in ((100, 0), (0, 100), (0, 200))


def test_names_are_quoted_and_values_bound(bench: Bench, there: Postgres) -> None:
    there.run('CREATE SCHEMA "Odd one"; CREATE TABLE "Odd one"."in;voices" ("select" int, "a b" text, "at" text)')
    there.run("""INSERT INTO "Odd one"."in;voices" VALUES (1, 'x''; DROP TABLE y', 'a''b'), (2, '', 'a''c')""")
    source = invoices(there, '"Odd one"."in;voices"', load={"mode": "append", "cursor": "at"})
    bench.load(source)
    assert bench.raw('"select", "a b"') == [(1, "x'; DROP TABLE y"), (2, "")]
    there.run("""INSERT INTO "Odd one"."in;voices" VALUES (3, 'new', 'a''d')""")
    assert bench.load(source).rows_read == 2


def test_columns_join_widen_and_are_missed(bench: Bench, there: Postgres) -> None:
    there.run(
        "CREATE TABLE invoices (id int, price numeric(8,2), at date); INSERT INTO invoices VALUES (1, 1.25, '2016-05-01')"
    )
    source = invoices(there, load={"mode": "append", "cursor": "at"})
    bench.load(source)
    there.run(
        "ALTER TABLE invoices ALTER id TYPE bigint, ALTER price TYPE numeric(10,3), ADD note text; INSERT INTO invoices VALUES (2, 2.125, '2016-05-02', 'n')"
    )
    staged = bench.load(source)
    assert bench.raw("id, price, note") == [(1, Decimal("1.250"), None), (2, Decimal("2.125"), "n")]
    assert set(staged.notes) == {
        "new column 'note' (VARCHAR)", "column 'id' was INTEGER and is BIGINT now",
        "column 'price' was DECIMAL(8,2) and is DECIMAL(10, 3) now",
    }  # fmt: skip
    there.run("ALTER TABLE invoices ALTER id TYPE text")
    with pytest.raises(
        DataError, match="Column 'id' of source 'orders' was BIGINT and is VARCHAR in database:invoices"
    ):
        bench.load(source)
    there.run("ALTER TABLE invoices DROP id")
    with pytest.raises(DataError, match="database:invoices has lost column 'id'"):
        bench.load(source)


def test_what_is_told_names_the_source_and_no_secret(bench: Bench, there: Postgres) -> None:
    there.run(ORDERS)
    bench.load(invoices(there))
    wrong = there.url_of("owner", "s3cret/word")
    for connector, kind, said in (
        ({"uri": wrong}, DataError, r"'orders': the postgresql database at 127.0.0.1:\d+ does not let us in: password authentication failed for user \"owner\""),
        ({"uri": "postgresql://kpi:s3cret@nowhere.invalid/x"}, DataError, "at nowhere.invalid is not found"),
        ({"uri": "postgresql://kpi:s3cret@127.0.0.1:9/x"}, DataError, "cannot be reached, or broke the connection off: .*Connection refused"),
        ({"uri": wrong.replace("%2F", "/")}, DataError, 'did not give the rows of invoices: invalid integer value "•••"'),
        ({"uri": "garbage:s3cret@word"}, DataError, "did not give the rows of invoices: missing"),
        ({"uri": there.url_of(there.user, there.password, "nodb")}, DataError, 'database "nodb" does not exist'),
        ({"table": "invoces"}, DefinitionError, 'cannot read invoces: relation "invoces" does not exist'),
        ({"query": "SELECT nope FROM invoices"}, DefinitionError, 'column "nope" does not exist'),
    ):  # fmt: skip
        with pytest.raises(kind, match=said) as found:
            bench.load(invoices(there, connector=connector))
        assert "s3cret" not in str(found.value)
        assert there.password not in str(found.value)
        assert "Hint: " in str(found.value)


def test_a_server_that_comes_back_is_asked_again_and_one_that_does_not_costs_nothing(
    bench: Bench, there: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    there.run("CREATE TABLE invoices AS SELECT g AS id, repeat('x', 200) AS note FROM generate_series(1, 200000) g")
    source = invoices(there)
    bench.load(source)
    there.run("UPDATE invoices SET note = 'new' WHERE id = 1")
    append, breaks = bench.warehouse.append, [there.restart]

    def breaking(*arguments: Any) -> None:
        if breaks:
            breaks.pop()()
        append(*arguments)

    monkeypatch.setattr(bench.warehouse, "append", breaking)
    assert bench.load(source).rows_read == 200000, "the second try"
    there.run("DELETE FROM invoices WHERE id = 1")
    breaks.append(lambda: there.stop(signal.SIGQUIT))
    try:
        with pytest.raises(DataError, match="cannot be reached, or broke the connection off: ") as found:
            bench.load(source)
    finally:
        there.start()
    assert there.password not in str(found.value)
    assert bench.raw("count(*)") == [(200000,)]


@pytest.mark.parametrize("mode", ["append", "merge"])
def test_whatever_happens_there_is_what_is_here(there: Postgres, tmp_path: Path, mode: str) -> None:
    found = Found()
    live(there, tmp_path, Random(7), found, mode=mode, steps=3)
    assert (found.problems, found.loads, found.misfits > 0) == ([], 6, True)


def test_a_row_that_stops_fitting_takes_its_earlier_self_along(bench: Bench, there: Postgres) -> None:
    there.run(f"{ORDERS}; INSERT INTO invoices VALUES (1, '2016-05-01', 1), (2, '2016-05-02', 2)")
    source = invoices(there, load=MERGE)
    bench.load(source)
    there.run("UPDATE invoices SET amount = 'NaN', at = '2016-05-03' WHERE id = 1")
    bench.load(source)
    assert (bench.raw("id"), bench.quarantined("row_key, value")) == ([(2,)], [('{"id":"1"}', "NaN")])
    assert not bench.load(source).changed
    there.run("UPDATE invoices SET amount = 3 WHERE id = 1")
    bench.load(source)
    assert (bench.raw("id, amount::int"), bench.quarantined("row_key")) == ([(1, 3), (2, 2)], [])
