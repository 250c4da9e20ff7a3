"""What is remembered of runs: how they ended, and whether the published tables are whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from kpi_pipeline.store import Warehouse
from kpi_pipeline.store.runs import (
    Outcome,
    StageTaken,
    begin_run,
    end_run,
    forget_run,
    out_of_date,
    runs,
    stages,
    up_to_date_key,
)
from kpi_pipeline.store.state import prepare_state

NOON = datetime(2024, 3, 11, 12, tzinfo=UTC)


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    with Warehouse.in_memory() as opened:
        prepare_state(opened)
        yield opened


def run(warehouse: Warehouse, name: str, status: str, key: str | None = None, *, began: datetime = NOON) -> None:
    begin_run(warehouse, name, began, "v1")
    end_run(warehouse, name, Outcome(status, 10, 1, 5), finished_at=began + timedelta(seconds=3), up_to_date_key=key)


def test_newest_run_comes_first_with_how_it_ended(warehouse: Warehouse) -> None:
    run(warehouse, "a", "published", "key")
    run(warehouse, "b", "blocked", began=NOON + timedelta(hours=1))
    found = runs(warehouse).select("run_id", "status", "rows_read", "rows_quarantined", "values_computed").rows()
    assert found == [("b", "blocked", 10, 1, 5), ("a", "published", 10, 1, 5)]


def test_run_that_never_ended_was_killed(warehouse: Warehouse) -> None:
    begin_run(warehouse, "a", NOON, "v1")
    begin_run(warehouse, "b", NOON, "v1")
    assert dict(runs(warehouse).select("run_id", "status").rows()) == {"a": "killed", "b": "running"}


def test_tables_are_whole_until_a_run_begins_to_change_them(warehouse: Warehouse) -> None:
    assert up_to_date_key(warehouse) is None
    run(warehouse, "a", "published", "key a")
    begin_run(warehouse, "b", NOON, "v1")
    assert up_to_date_key(warehouse) == "key a"
    out_of_date(warehouse)
    assert up_to_date_key(warehouse) is None
    end_run(warehouse, "b", Outcome("failed"), finished_at=NOON)
    assert up_to_date_key(warehouse) is None
    run(warehouse, "c", "published", "key c", began=NOON - timedelta(days=400))
    assert up_to_date_key(warehouse) == "key c", "the clock may be set back"


def test_run_with_nothing_to_do_is_forgotten(warehouse: Warehouse) -> None:
    run(warehouse, "a", "published", "key a")
    begin_run(warehouse, "b", NOON, "v1")
    forget_run(warehouse, "b")
    assert runs(warehouse)["run_id"].to_list() == ["a"]
    assert up_to_date_key(warehouse) == "key a"


def test_stages_are_kept_with_their_run(warehouse: Warehouse) -> None:
    begin_run(warehouse, "a", NOON, "v1")
    end_run(warehouse, "a", Outcome("published"), finished_at=NOON, stages=[StageTaken("ingest", 1.5, 100.0, 60)])
    assert stages(warehouse).rows() == [("a", "ingest", 1.5, 100.0, 60)]
