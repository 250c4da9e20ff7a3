"""Disks and files that do not play along: one message with a way out, and what was published stays."""

from __future__ import annotations

import resource
from pathlib import Path

import duckdb
import pytest

from kpi_pipeline.store.state import MIGRATIONS
from tests import processes
from tests.project import SALES_HEADER, Shop, csv, kpi, sales


def with_little_disk(root: Path, limit: int, said: Path) -> None:
    """A run on a disk where no file may grow beyond a limit, as full as a disk can be made for one process."""
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    processes.command(root, ["run"], said)


@pytest.mark.xdist_group("processes")
@pytest.mark.parametrize(
    ("limit", "repeated", "where"),
    [(500_000, 400, "data/warehouse.duckdb"), (4_000_000, 1, "out/kpi.duckdb")],
    ids=["while loading", "while publishing"],
)
def test_full_disk(ran: Shop, limit: int, repeated: int, where: str) -> None:
    rows = sales(range(10), first_invoice=1000)
    many = [row.replace("I", f"I{number}_", 1) for number in range(repeated) for row in rows]
    ran.write("data/sales/second.csv", csv(SALES_HEADER, many))
    said = ran.root / "said.txt"
    published = ran.published.read_bytes()
    code = processes.ended(processes.start(with_little_disk, ran.root, limit, said))
    text = said.read_text()
    assert code == 5, text
    assert ran.published.read_bytes() == published
    assert ran.look("SELECT count(*) FROM raw.sales WHERE _source_file = 'data/sales/first.csv'").item() == 60
    assert where in text
    assert "Hint: is the disk full" in text
    assert "untouched" in text
    assert "Traceback" not in text
    assert ran.run().status == "published"
    assert ran.look("SELECT count(*) FROM raw.sales").item() == 60 + 60 * repeated


def test_published_folder_that_cannot_be_made(ran: Shop) -> None:
    ran.edit("definitions/project.yaml", "duckdb: out/kpi.duckdb", "duckdb: blocked/kpi.duckdb")
    ran.write("blocked", "a file where a folder should be")
    with ran.nothing_lost():
        ran.kpi("run").refuses(5, "could not be published", "blocked/", "folder")
    (ran.root / "blocked").unlink()
    assert ran.kpi("run").code == 0
    assert (ran.root / "blocked/kpi.duckdb").exists()


def test_warehouse_folder_that_cannot_be_made(shop: Shop) -> None:
    shop.edit("definitions/project.yaml", "warehouse: data/", "warehouse: blocked/")
    shop.write("blocked", "a file where a folder should be")
    shop.kpi("run").refuses(5, "blocked/warehouse.duckdb", "folder")


def test_warehouse_path_is_a_folder(shop: Shop) -> None:
    shop.warehouse.mkdir()
    shop.kpi("run").refuses(5, "data/warehouse.duckdb", "cannot be read", "directory")


@pytest.mark.parametrize("content", ["", "order,amount\n" * 1000], ids=["empty", "text"])
def test_warehouse_that_is_no_duckdb_file(ran: Shop, content: str) -> None:
    ran.write("data/warehouse.duckdb", content)
    published = ran.hashes()
    ran.kpi("run").refuses(5, "data/warehouse.duckdb", "not a valid DuckDB database", "move it away")
    ran.warehouse.unlink()
    assert ran.run().status == "published"
    assert ran.hashes() == published


def test_warehouse_of_a_newer_version(ran: Shop) -> None:
    with duckdb.connect(str(ran.warehouse)) as newer:
        newer.execute("UPDATE state.schema_version SET version = ?", [len(MIGRATIONS) + 1]).fetchall()
    with ran.nothing_lost():
        ran.kpi("run").refuses(5, "version", "upgrade")
        ran.kpi("query", "revenue").refuses(5, "version", "upgrade")


def test_published_file_deleted_by_hand_comes_back(ran: Shop) -> None:
    before = ran.hashes()
    ran.published.unlink()
    ran.kpi("show", "weekly_revenue").refuses(3, "kpi.duckdb", "kpi run")
    assert ran.run().status == "published"
    assert ran.hashes() == before


def test_published_file_that_is_damaged(ran: Shop) -> None:
    ran.published.write_bytes(ran.published.read_bytes()[:5000])
    ran.kpi("show", "weekly_revenue").refuses(5, "kpi.duckdb", "kpi run --full")
    assert ran.kpi("run", "--full").code == 0
    assert ran.kpi("show", "weekly_revenue").code == 0


def test_output_that_cannot_be_written(ran: Shop) -> None:
    ran.kpi("query", "revenue", "--output", str(ran.root / "nowhere" / "out.csv")).refuses(5, "nowhere/out.csv")
    ran.kpi("query", "revenue", "--format", "parquet", "-o", str(ran.root / "data")).refuses(5, "data")
    kpi("schema", "--output", str(ran.root / "nowhere" / "schema.json")).refuses(5, "nowhere/schema.json")
