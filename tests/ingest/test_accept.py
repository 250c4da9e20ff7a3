"""Nothing in use changes before it is accepted, and then all of it does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlglot import expressions as exp

from kpi_pipeline.errors import InternalError, StorageError
from kpi_pipeline.ingest import accept, clear_leftovers, source_states
from kpi_pipeline.names import TableRef
from kpi_pipeline.store.state import prepare_state
from kpi_pipeline.store.warehouse import Warehouse
from tests.ingest.conftest import Bench, orders


def staging_tables(bench: Bench) -> list[tuple[str]]:
    return bench.warehouse.rows("SELECT table_name FROM information_schema.tables WHERE table_schema = 'staging'")


def test_a_run_killed_before_accepting_leaves_the_old_state_and_the_next_one_does_the_work(bench: Bench) -> None:
    bench.write("data/a.csv", "id\n1\n")
    bench.load(orders())
    before = (bench.raw("*"), source_states(bench.warehouse))
    bench.write("data/a.csv", "id\n2\nx,y\n")
    bench.stage(orders())
    assert staging_tables(bench)
    clear_leftovers(bench.warehouse)
    assert staging_tables(bench) == []
    assert (bench.raw("*"), source_states(bench.warehouse)) == before
    assert bench.load(orders()).changed
    assert bench.raw("id") == [(2,)]


def test_a_load_that_fails_half_way_leaves_the_old_state(bench: Bench) -> None:
    bench.write("data/a.csv", "id\n1\n")
    bench.load(orders())
    bench.write("data/a.csv", "id\n2\n")
    staged = bench.stage(orders())
    bench.warehouse.run("ALTER TABLE state.source_state RENAME TO away")
    with pytest.raises(Exception, match="source_state"):
        accept(staged, bench.warehouse)
    assert bench.raw("id") == [(1,)]
    bench.warehouse.run("ALTER TABLE state.away RENAME TO source_state")
    accept(staged, bench.warehouse)
    assert bench.raw("id") == [(2,)]


def test_what_is_not_let_in_can_be_looked_at_and_is_tried_again(bench: Bench) -> None:
    bench.write("data/a.csv", "id\n1\n")
    bench.load(orders(load={"mode": "append"}))
    bench.write("data/b.csv", "id\n2\n")
    bench.stage(orders(load={"mode": "append"}))
    assert bench.warehouse.rows("SELECT id, _source_file FROM staging.orders ORDER BY ALL") == [
        (1, "data/a.csv"),
        (2, "data/b.csv"),
    ]
    clear_leftovers(bench.warehouse)
    assert staging_tables(bench) == []
    assert bench.load(orders(load={"mode": "append"})).files_read == ("data/b.csv",)


def test_nothing_is_left_in_staging_after_accepting(bench: Bench) -> None:
    bench.write("data/a.csv", "id\n1\nx,y\n")
    bench.write("data/b.jsonl", '{"id": 2}\n')
    bench.load(orders("data/*.*", load={"mode": "merge", "key": ["id"]}))
    assert staging_tables(bench) == []
    assert bench.warehouse.rows("SELECT count(*) FROM quarantine.orders") == [(1,)]


def test_preparing_the_state_again_keeps_what_it_knows(bench: Bench) -> None:
    bench.write("data/a.csv", "id\n1\n")
    bench.load(orders())
    prepare_state(bench.warehouse)
    assert not bench.load(orders()).changed


def test_a_state_of_a_newer_version_is_left_alone() -> None:
    with Warehouse.in_memory() as warehouse:
        prepare_state(warehouse)
        warehouse.run("UPDATE state.schema_version SET version = 99")
        with pytest.raises(StorageError, match="upgrade"):
            prepare_state(warehouse)


REPLACED = [
    ({"mode": "append"}, {"data/c.csv": "id,v\n5,new\n"}, 1, ["data/a.csv", "data/b.csv", "data/c.csv"]),
    ({"mode": "append"}, {"data/b.csv": "id,v\n3,new\n4,new\n"}, 2, ["data/a.csv", "data/b.csv"]),
    ({"mode": "full"}, {"data/b.csv": None, "data/c.csv": "id,v\n5,new\n"}, 1, ["data/a.csv", "data/c.csv"]),
    ({"mode": "merge", "key": ["id"]}, {"data/c.csv": "id,v\n3,new\n5,new\n"}, 2, ["data/a.csv", "data/c.csv"]),
]


@pytest.mark.parametrize(("load", "delivered", "moved", "files"), REPLACED, ids=["new", "changed", "gone", "merged"])
def test_only_rows_that_came_are_written(
    bench: Bench, load: dict[str, object], delivered: dict[str, str | None], moved: int, files: list[str]
) -> None:
    source = orders(load=load)
    bench.write("data/a.csv", "id,v\n1,old\n2,old\n")
    bench.write("data/b.csv", "id,v\n3,old\n")
    bench.load(source)
    of_a = "SELECT rowid, * FROM raw.orders WHERE _source_file = 'data/a.csv' ORDER BY ALL"
    stayed = bench.warehouse.rows(of_a)
    for name, content in delivered.items():
        (bench.root / name).unlink() if content is None else bench.write(name, content)
    staged = bench.stage(source)
    assert bench.warehouse.count(staged.rows) == moved
    checked = bench.warehouse.rows(f"SELECT * FROM staging.{staged.source} ORDER BY ALL")
    assert bench.warehouse.rows(of_a) == stayed
    accept(staged, bench.warehouse)
    assert bench.raw("*") == checked
    assert bench.warehouse.rows(of_a) == stayed
    assert bench.raw("DISTINCT _source_file") == [(file,) for file in files]
    assert staging_tables(bench) == []


def test_columns_that_join_stand_where_a_full_load_puts_them(bench: Bench) -> None:
    source = orders(load={"mode": "append"})
    bench.write("data/a.csv", "id\n1\n")
    bench.load(source)
    bench.write("data/b.csv", "id,v\n2,x\n")
    bench.load(source)
    columns = list(bench.warehouse.table_columns(TableRef("raw", "orders")))
    assert columns == ["id", "v", "_loaded_at", "_run_id", "_source_file"]
    bench.load(source, full=True)
    assert list(bench.warehouse.table_columns(TableRef("raw", "orders"))) == columns


class Losing(Warehouse):
    """A warehouse that loses a row after each insert into the staged table."""

    def rows(self, query: exp.Expr | str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        found = super().rows(query, parameters)
        if isinstance(query, exp.Insert) and query.this.name == "orders__rows":
            self.run("DELETE FROM staging.orders__rows WHERE id = 2")
        return found


def test_a_row_that_gets_lost_on_the_way_is_noticed(tmp_path: Path) -> None:
    with Losing.in_memory() as warehouse:
        prepare_state(warehouse)
        bench = Bench(tmp_path, warehouse)
        bench.write("data/a.csv", "id\n1\n2\nx,y\n")
        with pytest.raises(InternalError, match="Of source 'orders' 2 rows were loaded, but 1 are there"):
            bench.load(orders())
