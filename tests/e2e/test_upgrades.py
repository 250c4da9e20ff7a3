"""Warehouses that earlier versions wrote: brought up to this one with every row, or left as they were.

The files in earlier_versions/ were written by the last program of each version: the shop, run twice, a ticket moved in
between. Rows of frozen grades, notices and evidence, which the shop has none of, were put into them by hand.
"""

from __future__ import annotations

import lzma
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from kpi_pipeline.errors import StorageError
from kpi_pipeline.pipeline.backup import back_up, read_backup
from kpi_pipeline.store import Warehouse, state
from kpi_pipeline.store.state import MIGRATIONS, prepare_state, version_of
from tests import processes
from tests.conftest import prepared
from tests.project import Shop

pytestmark = pytest.mark.xdist_group("processes")
FILES = Path(__file__).with_name("earlier_versions")
EARLIER = range(1, len(MIGRATIONS))
OF_RUNS = {"snapshot", "run", "run_stage", "kpi_value_history", "kpi_evidence_history"}
"""What the published tables tell of runs, and so of the past."""
Rows = dict[str, tuple[list[str], list[tuple[object, ...]]]]


def unpacked(name: str, to: Path) -> Path:
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(lzma.decompress((FILES / f"{name}.duckdb.xz").read_bytes()))
    return to


def state_of(path: Path, columns_of: Rows | None = None) -> Rows:
    """All rows of the state, or those columns of it that another had."""
    with duckdb.connect(str(path), read_only=True) as file:
        found = file.sql("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'state' ORDER BY 1").fetchall()
        rows: Rows = {}
        for (name,) in found:
            if name == "schema_version" or (columns_of is not None and name not in columns_of):
                continue
            columns = columns_of[name][0] if columns_of else file.sql(f"FROM state.{name}").columns
            query = f"SELECT {', '.join(columns)} FROM state.{name} ORDER BY ALL"
            rows[name] = (columns, file.sql(query).fetchall())
        return rows


def test_every_version_is_kept_as_a_file() -> None:
    assert {one.name for one in FILES.glob("warehouse_*")} == {f"warehouse_{n}.duckdb.xz" for n in EARLIER}


@pytest.fixture(scope="module")
def moved(_run_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The shop whose ticket moved, run by this version alone."""
    with prepared(tmp_path_factory.mktemp("moved"), _run_once) as shop:
        shop.edit("data/tickets.csv", "T0,2024-01-01 09:30:00", "T0,2024-01-09 09:30:00")
        shop.run()
        yield shop


@pytest.mark.parametrize("version", EARLIER)
def test_upgraded_warehouse_has_all_its_rows_and_the_next_run_goes_on(
    moved: Shop, tmp_path: Path, version: int
) -> None:
    shop = Shop(tmp_path)
    for folder in ("definitions", "data"):
        shutil.copytree(moved.root / folder, shop.root / folder, ignore=shutil.ignore_patterns("warehouse*"))
    before = state_of(unpacked(f"warehouse_{version}", shop.warehouse))
    assert all(rows for _, rows in before.values()), "a table without rows proves nothing"
    saved, made = back_up(shop.load().project, tmp_path / "backups", state_only=version > 1)
    assert made.state_version == version
    assert read_backup(saved) == made
    with Warehouse.open(shop.warehouse) as warehouse:
        assert version_of(warehouse) == version
        prepare_state(warehouse)
        assert version_of(warehouse) == len(MIGRATIONS)
    assert state_of(shop.warehouse, before) == before
    assert shop.run().status == "published"
    for name in ("frozen_grade", "notice", "seen"):
        assert not before.get(name) or state_of(shop.warehouse, before)[name] == before[name]
    expected, found = moved.hashes(), shop.hashes()
    assert {name for name in expected if found[name] != expected[name]} <= OF_RUNS
    assert shop.run().status == "unchanged"


def test_failed_upgrade_leaves_the_earlier_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = unpacked("warehouse_2", tmp_path / "w.duckdb")
    before = state_of(path)
    with monkeypatch.context() as patch:
        patch.setattr(state, "MIGRATIONS", (*MIGRATIONS, ("ALTER TABLE state.nowhere ADD COLUMN n INTEGER",)))
        with (
            Warehouse.open(path) as warehouse,
            pytest.raises(StorageError, match=r"from version 2 to \d: .*nowhere.*\n.*as it was"),
        ):
            prepare_state(warehouse)
    assert state_of(path) == before
    with Warehouse.open(path) as warehouse:
        assert version_of(warehouse) == 2
        prepare_state(warehouse)


def test_killed_upgrade_leaves_the_earlier_version(tmp_path: Path) -> None:
    path = unpacked("warehouse_3", tmp_path / "w.duckdb")
    before = state_of(path)
    assert processes.ended(processes.start(upgrade_killed, path)) == -9
    assert state_of(path) == before


def upgrade_killed(path: Path) -> None:
    """An upgrade that is killed after its last statement, before it counts."""
    import os
    import signal

    with Warehouse.open(path) as warehouse, warehouse.transaction():
        prepare_state(warehouse)
        os.kill(os.getpid(), signal.SIGKILL)


def test_warehouse_of_a_later_version_is_refused_and_not_touched(ran: Shop) -> None:
    told = "  as_of: data\n  notify: [{on: [status_change], to: {type: log}}]\n"
    ran.edit("definitions/project.yaml", "  as_of: data\n", told)
    with duckdb.connect(str(ran.warehouse)) as file:
        file.execute("UPDATE state.schema_version SET version = 99")
    there = ran.warehouse.read_bytes()
    for asked in ("run", "query revenue", "explain revenue", "notify", "backup"):
        ran.kpi(*asked.split()).refuses(5, "version 99", "upgrade")
    assert ran.warehouse.read_bytes() == there


def test_published_file_of_an_earlier_version_is_read_or_said_to_be_one(ran: Shop) -> None:
    ran.published.unlink()
    unpacked("published_1", ran.published)
    for asked in ("list", "show weekly_revenue", "history weekly_revenue", "diff", "notify", "report"):
        said = ran.kpi(*asked.split())
        if said.code:
            said.refuses(3, "earlier version", "kpi run")
        assert "Traceback" not in said.out + said.err
