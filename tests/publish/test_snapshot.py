"""The published file is whole or absent, whatever happens to whoever writes it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest
from sqlglot import exp, parse_one

from kpi_pipeline.errors import InternalError, StorageError
from kpi_pipeline.names import TableRef
from kpi_pipeline.store import Warehouse
from kpi_pipeline.store.snapshot import READABLE_SINCE, write_snapshot

TABLES: dict[str, list[exp.Expr]] = {
    "snapshot": [parse_one("CREATE TABLE snapshot (run_id VARCHAR NOT NULL)", dialect="duckdb")],
    "kpi_value": [
        parse_one("CREATE TABLE kpi_value (kpi VARCHAR NOT NULL, value DOUBLE)", dialect="duckdb"),
        parse_one("COMMENT ON COLUMN kpi_value.value IS 'The number'", dialect="duckdb"),
    ],
}
VIEWS = [parse_one("CREATE VIEW largest AS SELECT max(value) AS value FROM kpi_value", dialect="duckdb")]


def fill(warehouse: Warehouse, run: int, *, rows: int = 1000) -> None:
    """A run: its name, and values that all say which run it was."""
    warehouse.replace_table(TableRef("kpi", "snapshot"), pl.DataFrame({"run_id": [f"run-{run}"]}))
    warehouse.run(
        f"CREATE OR REPLACE TABLE kpi.kpi_value AS SELECT 'k' || range AS kpi, {run}::DOUBLE AS value FROM range({rows})"
    )


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    with Warehouse.in_memory() as warehouse:
        yield warehouse


def read(path: Path) -> tuple[str, float]:
    """The run a file is of, and the value in it."""
    with duckdb.connect(str(path), read_only=True) as reader:
        return reader.sql("SELECT (SELECT run_id FROM snapshot), (SELECT value FROM largest)").fetchall()[0]


def names(folder: Path) -> set[str]:
    """What lies in a folder, but for the files of runs that were published whole."""
    return {path.name for path in folder.iterdir() if not (path.match("kpi-run-*.duckdb") and read(path))}


def test_a_snapshot_replaces_the_one_before_and_leaves_nothing_beside_it(warehouse: Warehouse, tmp_path: Path) -> None:
    target = tmp_path / "new folder" / "kpi.duckdb"
    for run in (1, 2):
        fill(warehouse, run)
        written = write_snapshot(warehouse, target, tables=TABLES, views=VIEWS)

        assert read(target) == (f"run-{run}", run)
        assert written.rows == {"snapshot": 1, "kpi_value": 1000}
        assert written.bytes == target.stat().st_size
        assert names(target.parent) == {"kpi.duckdb"}
        assert target.resolve().name == f"kpi-run-{run}.duckdb"


def test_where_a_disk_knows_no_links_the_file_itself_has_the_published_name(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(Path, "symlink_to", refused)
    target = tmp_path / "kpi.duckdb"
    for run in (1, 2):
        fill(warehouse, run)
        write_snapshot(warehouse, target, tables=TABLES, views=VIEWS)
        assert read(target) == (f"run-{run}", run)
        assert [path.name for path in tmp_path.iterdir()] == ["kpi.duckdb"]


def test_who_connects_anew_sees_the_new_file_whoever_holds_the_old_one(warehouse: Warehouse, tmp_path: Path) -> None:
    """DuckDB knows files that are open by the names behind links, so a pool of connections needs no clearing."""
    target = tmp_path / "kpi.duckdb"
    fill(warehouse, 1)
    write_snapshot(warehouse, target, tables=TABLES, views=VIEWS)
    with duckdb.connect(str(target), read_only=True) as old:
        fill(warehouse, 2)
        write_snapshot(warehouse, target, tables=TABLES, views=VIEWS)
        assert read(target) == ("run-2", 2)
        assert old.execute("SELECT run_id FROM snapshot").fetchall() == [("run-1",)]


def test_bi_tools_with_an_older_duckdb_can_open_it(warehouse: Warehouse, tmp_path: Path) -> None:
    target = tmp_path / "kpi.duckdb"
    fill(warehouse, 1)
    write_snapshot(warehouse, target, tables=TABLES, views=VIEWS)

    with duckdb.connect(str(target), read_only=True) as reader:
        found = reader.sql("SELECT tags['storage_version'] FROM duckdb_databases() WHERE NOT internal").fetchall()
    assert found == [(f"{READABLE_SINCE}+",)]


def test_who_has_the_old_file_open_keeps_it(warehouse: Warehouse, tmp_path: Path) -> None:
    target = tmp_path / "kpi.duckdb"
    fill(warehouse, 1)
    write_snapshot(warehouse, target, tables=TABLES, views=VIEWS)
    with duckdb.connect(str(target), read_only=True) as reader:
        fill(warehouse, 2)
        write_snapshot(warehouse, target, tables=TABLES, views=VIEWS)

        assert reader.sql("SELECT run_id FROM snapshot").fetchall() == [("run-1",)]
    assert read(target) == ("run-2", 2)


READER = """
import sys, time
from pathlib import Path
import duckdb

target, stop = Path(sys.argv[1]), Path(sys.argv[2])
seen = set()
print("ready", flush=True)
while True:
    last = stop.exists()
    with duckdb.connect(str(target), read_only=True) as reader:
        run = reader.sql("SELECT run_id FROM snapshot").fetchall()[0][0]
        for _ in range(3):
            values = reader.sql("SELECT DISTINCT 'run-' || value::INTEGER, count(*) FROM kpi_value GROUP BY ALL").fetchall()
            assert values == [(run, 1000)], (run, values)
            assert reader.sql("SELECT run_id FROM snapshot").fetchall() == [(run,)]
    seen.add(run)
    if last:
        break
print(len(seen), flush=True)
"""


def test_readers_see_no_error_and_no_mixture_while_ten_snapshots_are_written(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    target, stop = tmp_path / "kpi.duckdb", tmp_path / "stop"
    fill(warehouse, 0)
    write_snapshot(warehouse, target, tables=TABLES, views=VIEWS)
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, target, stop], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for reader in readers:
        assert reader.stdout and reader.stdout.readline() == "ready\n"
    for run in range(1, 11):
        fill(warehouse, run)
        write_snapshot(warehouse, target, tables=TABLES, views=VIEWS)
        time.sleep(0.05)
    stop.touch()
    for reader in readers:
        out, err = reader.communicate(timeout=60)
        assert reader.returncode == 0, err
        assert int(out) > 1, "the reader saw one snapshot only, so it proves nothing"
    assert read(target) == ("run-10", 10)


WRITER = """
import sys
from pathlib import Path
from sqlglot import parse_one
from kpi_pipeline.store import Warehouse
from kpi_pipeline.store.snapshot import READABLE_SINCE, write_snapshot

with Warehouse.in_memory() as warehouse:
    warehouse.run("CREATE TABLE kpi.snapshot AS SELECT 'run-2' AS run_id")
    warehouse.run("CREATE TABLE kpi.kpi_value AS SELECT 'k' || range AS kpi, random() AS value FROM range(3000000)")
    tables = {
        "snapshot": [parse_one("CREATE TABLE snapshot (run_id VARCHAR NOT NULL)", dialect="duckdb")],
        "kpi_value": [parse_one("CREATE TABLE kpi_value (kpi VARCHAR NOT NULL, value DOUBLE)", dialect="duckdb")],
    }
    print("writing", flush=True)
    write_snapshot(warehouse, Path(sys.argv[1]), tables=tables)
    print("written", flush=True)
"""


def test_a_writer_killed_half_way_leaves_the_old_file_and_the_next_one_clears_up(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    target = tmp_path / "kpi.duckdb"
    fill(warehouse, 1)
    write_snapshot(warehouse, target, tables=TABLES, views=VIEWS)
    writer = subprocess.Popen([sys.executable, "-c", WRITER, target], stdout=subprocess.PIPE, text=True)
    assert writer.stdout and writer.stdout.readline() == "writing\n"
    until = time.monotonic() + 30
    while len(names(tmp_path)) < 2 and time.monotonic() < until:
        time.sleep(0.002)
    os.kill(writer.pid, signal.SIGKILL)
    assert writer.communicate(timeout=30)[0] == ""

    assert len(names(tmp_path)) > 1, "it was not killed half-way"
    assert read(target) == ("run-1", 1)

    fill(warehouse, 3)
    write_snapshot(warehouse, target, tables=TABLES, views=VIEWS)
    assert names(tmp_path) == {"kpi.duckdb"}
    assert read(target) == ("run-3", 3)


def test_what_others_keep_beside_the_file_stays(warehouse: Warehouse, tmp_path: Path) -> None:
    (tmp_path / "kpi.duckdb.tmp").mkdir()  # where a reader spills
    (tmp_path / ".other.duckdb.1-a.tmp").touch()
    fill(warehouse, 1)
    write_snapshot(warehouse, tmp_path / "kpi.duckdb", tables=TABLES, views=VIEWS)

    assert names(tmp_path) == {"kpi.duckdb", "kpi.duckdb.tmp", ".other.duckdb.1-a.tmp"}


def test_a_log_beside_the_old_file_is_not_replayed_into_the_new_one(warehouse: Warehouse, tmp_path: Path) -> None:
    target = tmp_path / "kpi.duckdb"
    fill(warehouse, 1)
    write_snapshot(warehouse, target, tables=TABLES, views=VIEWS)
    meddler = "import duckdb, os, sys; c = duckdb.connect(sys.argv[1]); c.execute('DELETE FROM kpi_value').complete(); os._exit(0)"
    subprocess.run([sys.executable, "-c", meddler, target], check=True)
    assert names(tmp_path) == {"kpi.duckdb", "kpi-run-1.duckdb.wal"}

    fill(warehouse, 2)
    write_snapshot(warehouse, target, tables=TABLES, views=VIEWS)
    assert read(target) == ("run-2", 2)


def test_a_folder_that_cannot_be_made(warehouse: Warehouse, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    fill(warehouse, 1)
    with pytest.raises(
        StorageError, match="could not be published to .*kpi.duckdb(.|\n)*What was published before is untouched"
    ):
        write_snapshot(warehouse, tmp_path / "file" / "kpi.duckdb", tables=TABLES, views=VIEWS)


def test_a_disk_that_is_full(tmp_path: Path) -> None:
    """No file may grow beyond 2 MB here, which the operating system says with an error as a full disk does."""
    target = tmp_path / "kpi.duckdb"
    with Warehouse.in_memory() as warehouse:
        fill(warehouse, 1)
        write_snapshot(warehouse, target, tables=TABLES, views=VIEWS)
    limit = """
        import resource, signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(limit) + WRITER, target], capture_output=True, text=True, check=False
    )

    assert done.returncode != 0
    assert "StorageError: The tables could not be published" in done.stderr
    assert "is the disk full" in done.stderr
    assert names(tmp_path) == {"kpi.duckdb"}
    assert read(target) == ("run-1", 1)


def test_a_folder_that_is_read_only(warehouse: Warehouse) -> None:
    # NOTE: root may write anywhere, so the writer becomes somebody else once everything is imported; the folder lies
    # where that somebody may look.
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "kpi.duckdb"
        fill(warehouse, 1)
        write_snapshot(warehouse, target, tables=TABLES, views=VIEWS)
        Path(folder).chmod(0o555)
        somebody = "import os, polars, pyarrow\nWarehouse.in_memory().close()\nif os.geteuid() == 0: os.setgid(65534), os.setuid(65534)\n"
        imports, _, work = textwrap.dedent(WRITER).partition("\n\n")
        done = subprocess.run(
            [sys.executable, "-c", f"{imports}\n{somebody}\n{work}", target],
            capture_output=True,
            text=True,
            check=False,
        )
        Path(folder).chmod(0o755)

        assert done.returncode != 0
        assert "folder read-only" in done.stderr
        assert read(target) == ("run-1", 1)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        ("DROP TABLE kpi.kpi_value", "'kpi_value' cannot be published.*does not exist"),
        ("UPDATE kpi.kpi_value SET kpi = NULL", "'kpi_value' cannot be published.*NOT NULL"),
        ("ALTER TABLE kpi.kpi_value ADD COLUMN colour VARCHAR", "'kpi_value' cannot be published.*colour"),
        ("INSERT INTO kpi.snapshot VALUES ('another')", "'snapshot' must have exactly one row; it has 2"),
    ],
)
def test_tables_that_are_not_as_promised_are_not_published(
    warehouse: Warehouse, tmp_path: Path, spoil: str, message: str
) -> None:
    target = tmp_path / "kpi.duckdb"
    fill(warehouse, 1)
    write_snapshot(warehouse, target, tables=TABLES, views=VIEWS)
    warehouse.run(spoil)
    with pytest.raises(InternalError, match=message):
        write_snapshot(warehouse, target, tables=TABLES, views=VIEWS)

    assert names(tmp_path) == {"kpi.duckdb"}
    assert read(target) == ("run-1", 1)


def test_a_view_that_does_not_work_is_not_published(warehouse: Warehouse, tmp_path: Path) -> None:
    fill(warehouse, 1)
    broken = parse_one("CREATE VIEW lost AS SELECT nowhere FROM kpi_value", dialect="duckdb")
    with pytest.raises(InternalError, match="cannot be made.*nowhere"):
        write_snapshot(warehouse, tmp_path / "kpi.duckdb", tables=TABLES, views=[broken])

    assert names(tmp_path) == set()
