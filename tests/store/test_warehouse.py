"""The warehouse file: transactions that hold, a lock that says who has it, and errors a person can act on."""

from __future__ import annotations

import time
from pathlib import Path

import duckdb
import polars as pl
import pytest

from kpi_pipeline.errors import StorageError, WarehouseBusy
from kpi_pipeline.names import TableRef
from kpi_pipeline.store import Warehouse
from kpi_pipeline.store.state import prepare_state
from kpi_pipeline.store.warehouse import SCHEMAS, is_about_storage
from tests import processes

TABLE = TableRef("raw", "numbers")


def test_new_file_has_its_schemas(tmp_path: Path) -> None:
    with Warehouse.open(tmp_path / "deep" / "warehouse.duckdb") as warehouse:
        found = {name for (name,) in warehouse.rows("SELECT schema_name FROM information_schema.schemata")}
    assert found >= set(SCHEMAS)


def test_closed_warehouse_leaves_no_note_of_its_holder(tmp_path: Path) -> None:
    with Warehouse.open(tmp_path / "w.duckdb"):
        assert len(list(tmp_path.glob("*.holder"))) == 1
    assert not list(tmp_path.glob("*.holder"))
    assert not list(tmp_path.glob("*.wal"))


def interrupted(warehouse: Warehouse) -> None:
    with warehouse.transaction():
        warehouse.append(TABLE, pl.DataFrame({"n": [3]}))
        with warehouse.transaction():
            warehouse.run("DELETE FROM raw.numbers WHERE n = 1")
        raise KeyboardInterrupt


def test_memory_is_what_the_project_allows(tmp_path: Path) -> None:
    with Warehouse.open(tmp_path / "w.duckdb", memory="64 MB") as warehouse:
        [(limit,)] = warehouse.rows("SELECT current_setting('memory_limit')")
    assert limit.split()[0] == "61.0", "64 MB are 61 MiB"


def test_failed_transaction_changes_nothing() -> None:
    with Warehouse.in_memory() as warehouse:
        warehouse.replace_table(TABLE, pl.DataFrame({"n": [1, 2]}))
        with pytest.raises(KeyboardInterrupt):
            interrupted(warehouse)
        assert warehouse.fetch("SELECT n FROM raw.numbers ORDER BY n")["n"].to_list() == [1, 2]
        with warehouse.transaction():
            warehouse.append(TABLE, pl.DataFrame({"n": [3]}))
        assert warehouse.count(TABLE) == 3


def test_columns_are_appended_by_name() -> None:
    with Warehouse.in_memory() as warehouse:
        warehouse.replace_table(TABLE, pl.DataFrame({"n": [1], "word": ["a"]}))
        warehouse.append(TABLE, pl.DataFrame({"word": ["b"], "n": [2]}))
        assert warehouse.rows("SELECT n, word FROM raw.numbers ORDER BY n") == [(1, "a"), (2, "b")]


def test_second_writer_of_the_same_process_is_refused_too(tmp_path: Path) -> None:
    with (
        Warehouse.open(tmp_path / "w.duckdb", holder="run one"),
        pytest.raises(WarehouseBusy, match=r"run one \(process \d+ on "),
    ):
        Warehouse.open(tmp_path / "w.duckdb")
    with Warehouse.open(tmp_path / "w.duckdb"):
        pass


def test_questions_read_side_by_side_and_a_writer_waits_for_them(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with Warehouse.open(path) as warehouse:
        warehouse.replace_table(TABLE, pl.DataFrame({"n": [1, 2]}))
    with Warehouse.open_to_read(path) as one, Warehouse.open_to_read(path) as other:
        one.replace_table(TableRef("temp", "mine"), pl.DataFrame({"n": [3]}))
        assert (one.count(TABLE), other.count(TABLE)) == (2, 2)
        assert not other.table_columns(TableRef("temp", "mine"))
        with pytest.raises(duckdb.InvalidInputException, match="read-only"):
            other.append(TABLE, pl.DataFrame({"n": [3]}))
        with pytest.raises(WarehouseBusy, match="open"):
            Warehouse.open(path)
    with Warehouse.open(path, holder="run one"), pytest.raises(WarehouseBusy, match="run one"):
        Warehouse.open_to_read(path)


def question(path: Path, here: Path) -> None:
    """Reads for as long as a file is there."""
    with Warehouse.open_to_read(path):
        here.touch()
        while here.exists():
            time.sleep(0.01)


@pytest.mark.xdist_group("processes")
def test_run_says_for_which_question_it_waits(tmp_path: Path) -> None:
    path, here, told = tmp_path / "w.duckdb", tmp_path / "here", []
    Warehouse.open(path).close()
    asking = processes.start(question, path, here)
    processes.wait_for(here)

    def on_wait(how: str) -> None:
        told.append(how)
        here.unlink()

    with Warehouse.open(path, wait=60, on_wait=on_wait):
        assert told == [f"open in process {asking.pid}"]
    assert processes.ended(asking) == 0


def test_reader_may_become_a_writer_and_stays_shut(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with Warehouse.open(path) as warehouse:
        warehouse.replace_table(TABLE, pl.DataFrame({"n": [1]}))
    with Warehouse.open_to_read(path) as asked:
        asked.shut(tmp_path)
        asked.allow_writing()
        asked.append(TABLE, pl.DataFrame({"n": [2]}))
        with pytest.raises(duckdb.PermissionException):
            asked.rows("SELECT * FROM read_text('/etc/hostname')")
        with pytest.raises(WarehouseBusy, match="a question"):
            Warehouse.open(path)
    with Warehouse.open(path) as warehouse:
        assert warehouse.count(TABLE) == 2


def test_lock_is_let_go_when_the_file_cannot_be_opened(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    path.write_text("no database")
    for _ in range(2):
        with pytest.raises(StorageError, match="cannot be read"):
            Warehouse.open(path)
    path.unlink()
    with Warehouse.open(path):
        pass


def test_state_is_made_once_and_never_dropped(tmp_path: Path) -> None:
    for _ in range(2):
        with Warehouse.open(tmp_path / "w.duckdb") as warehouse:
            prepare_state(warehouse)
            warehouse.run("INSERT INTO state.made VALUES (?, 'v')", [f"t{warehouse.count(TableRef('state', 'made'))}"])
    with Warehouse.open(tmp_path / "w.duckdb") as warehouse:
        assert warehouse.count(TableRef("state", "made")) == 2


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (duckdb.IOException("Could not write"), True),
        (OSError("no space left"), True),
        (duckdb.TransactionException("TransactionContext Error: Failed to commit: Could not write file"), True),
        (duckdb.TransactionException("cannot start a transaction within a transaction"), False),
        (duckdb.BinderException("no such column"), False),
    ],
)
def test_what_is_the_disks_fault(problem: Exception, expected: bool) -> None:
    assert is_about_storage(problem) is expected


@pytest.mark.parametrize("read", [Warehouse.rows, Warehouse.fetch], ids=["rows", "fetch"])
def test_damaged_block_is_told_with_a_way_out(tmp_path: Path, read) -> None:
    path = tmp_path / "w.duckdb"
    with Warehouse.open(path) as warehouse:
        warehouse.run("CREATE TABLE raw.numbers AS SELECT random() AS n FROM range(300_000)")
        warehouse.run("CHECKPOINT")
        block = warehouse.rows(
            "SELECT max(block_id) FROM pragma_storage_info('raw.numbers') WHERE segment_type = 'DOUBLE' AND persistent"
        )[0][0]
    content = bytearray(path.read_bytes())
    within = 3 * 4096 + block * 262_144 + 1_000  # after the file's three headers, blocks of 256 KiB
    content[within : within + 100] = bytes(100)
    path.write_bytes(content)
    with Warehouse.open(path) as warehouse, pytest.raises(StorageError, match="cannot be read.*\n.*backup"):
        read(warehouse, "SELECT n FROM raw.numbers")
