"""A cluster that goes away in the middle of a run: it is said plainly, readers see what they saw, the next run mends it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from kpi_pipeline import load_project
from kpi_pipeline.cluster.reached import PATIENT
from kpi_pipeline.errors import DataError
from kpi_pipeline.pipeline.watch import Quiet
from kpi_pipeline.store.published import Published
from tests.cluster import servers
from tests.cluster.lake import DAYS, NOW, Lake

pytestmark = pytest.mark.xdist_group("lost_cluster")


class At(Quiet):
    """Does something once, when a stage begins."""

    def __init__(self, stage: str, act: Callable[[], None]) -> None:
        self._stage = stage
        self._act = act

    def stage(self, name: str, total: int) -> None:
        """A stage begins."""
        super().stage(name, total)
        if name == self._stage:
            self._stage = ""
            self._act()


@pytest.mark.parametrize("stage", ["ingest", "reduce", "derive"])
def test_a_lost_server_changes_nothing_that_readers_see(
    stage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kpi_pipeline.cluster.spark.PATIENT", type(PATIENT)(max_retries=1))
    here, there = Lake(tmp_path / "here", there=False), Lake(tmp_path / "there", there=True)
    for shop in (here, there):
        shop.define()
        for day in range(DAYS - 14, DAYS):
            shop.sell(day)
    here.run()
    with _server(tmp_path / "first") as (remote, kill):
        monkeypatch.setenv("SPARK_REMOTE", remote)
        there.run()
        before = _values(there)
        assert before == _values(here)
        for shop in (here, there):
            shop.sell(DAYS)
        here.run()
        with pytest.raises(DataError, match="cannot be reached, or went away while it was asked") as problem:
            load_project(there.root / "definitions").run(now=NOW, wait=0, watch=At(stage, kill))
        assert "`kpi run` goes on where it stopped" in str(problem.value)
        assert _values(there) == before
    with _server(tmp_path / "second") as (remote, _):
        monkeypatch.setenv("SPARK_REMOTE", remote)
        there.run()
        assert _values(there) == _values(here)


@contextmanager
def _server(folder: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    """Sail in a process of its own, and what kills it."""
    folder.mkdir()
    with ExitStack() as opened:
        remote = opened.enter_context(servers.sail(folder))
        found = servers.processes("-f", f"port {remote.rpartition(':')[2]}")

        def kill() -> None:
            for one in found:
                os.kill(one, signal.SIGKILL)

        yield remote, kill


def _values(shop: Lake) -> list[tuple[object, ...]]:
    with Published.open(shop.root / "out" / "kpi.duckdb") as published:
        return published.fetch("SELECT kpi, period_start, segment, value, status FROM kpi_value ORDER BY ALL").rows()
