"""A branch of a warehouse: all of it is there, all of it can be changed, and the warehouse stays as it is."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from kpi_pipeline.errors import WarehouseBusy
from kpi_pipeline.names import TableRef
from kpi_pipeline.store import Warehouse
from kpi_pipeline.store.branch import branch, in_trunk, take_over
from kpi_pipeline.store.state import prepare_state

SALES, NUMBERS, DAYS = TableRef("raw", "sales"), TableRef("kpi", "kpi_value"), TableRef("partial", "days")
SUM = 'SELECT sum(amount)::INTEGER FROM "raw".sales'
AGAIN = """
    CREATE VIEW partial.lost AS SELECT * FROM raw.gone;
    CREATE VIEW model.second AS SELECT * FROM model.first;
    CREATE OR REPLACE VIEW model.first AS SELECT amount FROM raw.sales WHERE amount > 1;
    DROP TABLE raw.gone;
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A warehouse with rows, views in the wrong order, a view that lost its table, and a published table."""
    path = tmp_path / "warehouse.duckdb"
    with Warehouse.open(path) as warehouse:
        prepare_state(warehouse)
        warehouse.run("CREATE TABLE raw.sales AS SELECT range::INTEGER AS amount FROM range(4)")
        warehouse.run("CREATE TABLE raw.gone AS SELECT 1 AS x")
        warehouse.run("CREATE VIEW model.first AS SELECT amount FROM raw.sales")
        for statement in AGAIN.strip().split(";\n"):
            warehouse.run(statement)
        warehouse.run("CREATE TABLE partial.days AS SELECT * FROM model.second")
        warehouse.run("CREATE TABLE partial.days__keys AS SELECT 'a' AS key, 1 AS code")
        warehouse.run("CREATE TABLE kpi.kpi_value (value DOUBLE NOT NULL)")
        warehouse.run("INSERT INTO kpi.kpi_value VALUES (3)")
        for name in ("days", "lost"):
            warehouse.run("INSERT INTO state.reduction VALUES (?, '', '{}', NULL, NULL, 0, now())", [name])
    return path


def test_a_branch_begins_with_everything_and_its_changes_are_its_own(path: Path) -> None:
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    with branch(path) as made:
        assert made.rows(SUM) == [(6,)]
        assert made.rows("SELECT amount FROM model.second ORDER BY 1") == [(2,), (3,)]
        assert [made.table_kind(one) for one in (SALES, DAYS, NUMBERS)] == ["VIEW", "VIEW", "BASE TABLE"]
        assert made.table_kind(TableRef("partial", "days__keys")) is None  # it would have to grow
        assert made.rows("SELECT reduction FROM state.reduction") == [("days",)]  # the other one cannot be read
        take_over(made, "sales")
        made.run("DELETE FROM raw.sales WHERE amount = 3")
        made.run("DELETE FROM kpi.kpi_value")
        made.shut()  # what is attached can be read nevertheless
        assert (made.rows(SUM), made.rows(f"SELECT value FROM {in_trunk(NUMBERS)}")) == ([(3,)], [(3.0,)])
        assert made.rows("SELECT amount FROM model.second") == [(2,)]
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before


def test_a_warehouse_whose_writer_was_killed_is_branched_with_all_that_was_committed(path: Path) -> None:
    killed = path.with_name("killed.duckdb")
    with Warehouse.open(path) as warehouse:
        warehouse.run("INSERT INTO raw.sales VALUES (10)")
        for end in ("", ".wal"):
            shutil.copy(f"{path}{end}", f"{killed}{end}")
        with pytest.raises(WarehouseBusy), branch(path):
            pass
    with branch(killed) as made:
        assert made.rows(SUM) == [(16,)]
    assert Path(f"{killed}.wal").exists()
