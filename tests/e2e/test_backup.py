"""Backups: the warehouse is lost, put back, and the next run publishes what would have been published."""

from __future__ import annotations

import json
import shutil
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from kpi_pipeline.errors import WarehouseBusy
from kpi_pipeline.names import TableRef
from kpi_pipeline.pipeline import backup as backups
from kpi_pipeline.pipeline.backup import back_up, restore
from kpi_pipeline.store import Warehouse
from kpi_pipeline.store.warehouse import quoted
from tests import processes
from tests.conftest import MAIL, prepared
from tests.project import NOW, SALES_HEADER, Shop, csv, sales

pytestmark = pytest.mark.xdist_group("processes")
LATER = NOW + timedelta(days=1)


def deliver(shop: Shop) -> None:
    """New sales, and some of weeks that were published before."""
    shop.write("data/sales/second.csv", csv(SALES_HEADER, sales([8, 9, 10], first_invoice=500)))


@pytest.fixture(scope="module")
def lived(_run_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The shop in which a value was restated, and what a frozen grade is: something that no source tells again."""
    with prepared(tmp_path_factory.mktemp("lived"), _run_once) as shop:
        shop.edit("data/tickets.csv", "T0,2024-01-01 09:30:00", "T0,2024-01-09 09:30:00")
        assert shop.run(now=NOW + timedelta(hours=1)).status == "published"
        shop.kpi("review", "weekly_revenue", "--decision", "Go on", "--by", "ana", "--on", "2024-03-10")
        for more in ([], ["--state-only"]):
            assert shop.kpi("backup", *more).code == 0
    return shop


@pytest.fixture
def shop(lived: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setenv("SHOP_MAIL", MAIL)
    shutil.copytree(lived.root, tmp_path, dirs_exist_ok=True)
    return Shop(tmp_path)


def backup_of(shop: Shop, holds: str) -> Path:
    [file] = [one for one in (shop.root / "backups").glob("*.zip") if one.stem.endswith("-state") == (holds == "state")]
    return file


@pytest.fixture(scope="module")
def expected(lived: Shop, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What a run over the new data publishes where nothing was lost."""
    with prepared(tmp_path_factory.mktemp("expected"), lived.root) as shop:
        deliver(shop)
        shop.run(now=LATER)
        return said(shop)


def said(shop: Shop) -> dict[str, object]:
    """What readers find, reasons of the past included."""
    history = "SELECT * EXCLUDE (recorded_at, superseded_at, reason) FROM kpi_value_history ORDER BY ALL"
    reasons = "SELECT kpi, period_label, segment, reason FROM kpi_value_history ORDER BY recorded_at, 1, 2, 3"
    return {**shop.hashes(), "history": shop.ask(history).rows(), "reasons": shop.ask(reasons).rows()}


@pytest.mark.parametrize("holds", ["all", "state"])
def test_lost_warehouse_is_put_back(shop: Shop, expected: dict[str, object], holds: str) -> None:
    deliver(shop)
    shop.run(now=NOW + timedelta(hours=2))
    shop.warehouse.unlink()
    shutil.rmtree(shop.root / "reviews")
    done = shop.kpi("restore", str(backup_of(shop, holds)))
    assert done.code == 0, done
    assert "1 file of reviews put back" in done.out
    assert not list(shop.warehouse.parent.glob("*before-restore*"))
    assert shop.run(now=LATER).status == "published"
    found = said(shop)
    if holds == "state":
        # NOTE: where all rows are loaded again, which of them were corrected is not known.
        reasons = zip(found.pop("reasons"), expected["reasons"], strict=True)
        assert {(now[-1], was[-1]) for now, was in reasons if now != was} <= {("late_data", "correction")}
    assert found == {name: expected[name] for name in found}
    assert shop.run(now=LATER).status == "unchanged"


MARK = TableRef("raw", "mark")


def marked(shop: Shop) -> None:
    """Makes the warehouse another one than that of the backups."""
    with Warehouse.open(shop.warehouse) as warehouse:
        warehouse.run(f"CREATE TABLE {quoted(MARK)} (n INTEGER)")


def is_marked(path: Path) -> bool:
    with Warehouse.open_to_read(path) as warehouse:
        return bool(warehouse.table_columns(MARK))


def test_warehouse_that_is_there_is_kept_beside(shop: Shop) -> None:
    marked(shop)
    assert shop.kpi("restore", str(backup_of(shop, "all"))).code == 0
    [kept] = shop.warehouse.parent.glob("*before-restore*.duckdb")
    assert (is_marked(kept), is_marked(shop.warehouse)) == (True, False)


def test_damaged_warehouse_makes_room_too(shop: Shop) -> None:
    shop.warehouse.write_bytes(b"no database" * 1000)
    assert shop.kpi("restore", str(backup_of(shop, "all"))).code == 0
    assert shop.raw("sales")


def test_new_machine_needs_the_backup_and_the_data_only(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> None:
    new = Shop(tmp_path_factory.mktemp("new"))
    shutil.copytree(shop.root / "data" / "sales", new.root / "data" / "sales")
    for name in ("tickets.csv", "targets.csv"):
        shutil.copyfile(shop.root / "data" / name, new.root / "data" / name)
    assert new.kpi("restore", str(backup_of(shop, "all"))).code == 0
    new.run(now=LATER)
    assert new.raw("sales") == shop.raw("sales")
    assert (new.root / "reviews" / "weekly_revenue.yaml").exists()


def changed(file: Path, name: str, content: bytes, target: Path) -> Path:
    """A copy of a backup in which one file has another content."""
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(target, "w") as new:
        for one in {*old.namelist(), name}:
            new.writestr(one, content if one == name else old.read(one))
    return target


def test_what_is_no_sound_backup_is_refused_and_nothing_changes(shop: Shop, tmp_path: Path) -> None:
    file, there = backup_of(shop, "state"), shop.warehouse.read_bytes()
    with zipfile.ZipFile(file) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    cut = tmp_path / "cut.zip"
    cut.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    flipped = bytearray(file.read_bytes())
    flipped[len(flipped) // 2] ^= 0xFF
    (tmp_path / "flipped.zip").write_bytes(flipped)
    newer = json.dumps({**manifest, "state_version": 99, "program": "9.9"}).encode()
    other = json.dumps({**manifest, "project": "another"}).encode()
    outside = json.dumps(
        {**manifest, "files": {**manifest["files"], "definitions/../../x": {"bytes": 0, "sha256": ""}}}
    )
    for bad, word in (
        (cut, "damaged"),
        (tmp_path / "flipped.zip", "damaged"),
        (changed(file, "warehouse.duckdb", b"x", tmp_path / "swapped.zip"), "is not what was written"),
        (changed(file, "extra.txt", b"x", tmp_path / "extra.zip"), "not what is in it"),
        (changed(file, "manifest.json", newer, tmp_path / "newer.zip"), "9.9"),
        (changed(file, "manifest.json", other, tmp_path / "other.zip"), "another"),
        (changed(file, "manifest.json", outside.encode(), tmp_path / "outside.zip"), "damaged"),
        (shop.root / "data" / "targets.csv", "damaged"),
    ):
        shop.kpi("restore", str(bad)).refuses(5, word)
    shop.kpi("restore", "nowhere.zip").refuses(3, "nowhere.zip")
    assert shop.warehouse.read_bytes() == there


def writer_waits(path: Path, said: Path) -> None:
    """Another process that wants to write, and does not wait."""
    try:
        Warehouse.open(path).close()
        said.write_text("opened")
    except WarehouseBusy as problem:
        said.write_text(str(problem))


def test_while_a_backup_is_written_questions_are_answered_and_runs_wait(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, answer = shop.warehouse, tmp_path / "answer"
    packed = backups._packed

    def told(archive: zipfile.ZipFile, name: str, file: object) -> object:
        content = packed(archive, name, file)
        if name == "warehouse.duckdb":
            processes.ended(processes.start(writer_waits, path, answer))
            asked = processes.start(processes.command, shop.root, ["query", "revenue"], tmp_path / "asked")
            assert processes.ended(asked) == 0, (tmp_path / "asked").read_text()
        return content

    monkeypatch.setattr(backups, "_packed", told)
    back_up(shop.load().project, tmp_path / "elsewhere", now=LATER)
    assert "open in process" in answer.read_text() or "Could not set lock" in answer.read_text()
    assert [one.stat().st_mode & 0o077 for one in (tmp_path / "elsewhere").glob("*.zip")] == [0]


def test_only_so_many_backups_stay(shop: Shop) -> None:
    project, folder = shop.load().project, shop.root / "some"
    for days in range(4):
        back_up(project, folder, state_only=True, keep=2, now=NOW + timedelta(days=days))
    assert [one.name for one in sorted(folder.glob("*.zip"))] == [
        "shop-20240313T070000Z-state.zip", "shop-20240314T070000Z-state.zip",
    ]  # fmt: skip


@pytest.mark.parametrize("step", ["unpacked", "_keep", "put_in_place"])
def test_killed_restore_leaves_the_old_warehouse_and_can_be_done_again(shop: Shop, step: str) -> None:
    marked(shop)
    file = backup_of(shop, "all")
    assert processes.ended(processes.start(restore_killed, shop.root, file, step)) == -9
    assert is_marked(shop.warehouse)
    restore(shop.load().project, file)
    assert not is_marked(shop.warehouse)
    assert not list(shop.warehouse.parent.glob(".warehouse*.tmp*"))


def restore_killed(root: Path, file: Path, step: str) -> None:
    """A restore that is killed right after, or before, one of its steps."""
    import os
    import signal

    from kpi_pipeline.store import backup as store

    def fatal(*_arguments: object, **_named: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    if step == "unpacked":
        backups._copied.__globals__["sync"] = fatal
    else:
        setattr(store, step, fatal)
    restore(Shop(root).load().project, file)


def test_killed_backup_leaves_the_others_and_is_cleared_away(shop: Shop) -> None:
    folder = shop.root / "backups"
    before = sorted(folder.glob("*.zip"))
    assert processes.ended(processes.start(backup_killed, shop.root, folder)) == -9
    assert sorted(folder.glob("*.zip")) == before
    assert list(folder.glob(".backup.*.tmp*"))
    assert shop.kpi("backup", "--state-only").code == 0
    assert not list(folder.glob(".backup.*.tmp*"))


def backup_killed(root: Path, folder: Path) -> None:
    """A backup that is killed when everything is written and not yet in place."""
    import os
    import signal

    backups.put_in_place = lambda _built, _target: os.kill(os.getpid(), signal.SIGKILL)
    back_up(Shop(root).load().project, folder)
