"""Readers of the published file while runs replace it: no error, and never a mixture of two runs."""

from __future__ import annotations

import json
import time
from pathlib import Path

import duckdb
import pytest

from tests import processes
from tests.project import SALES_HEADER, Shop, csv

pytestmark = pytest.mark.xdist_group("processes")
RUNS = 6
PAUSE = 0.1
"""Seconds a reader waits before it looks again: without, readers keep the machine from running."""


def read_until_stopped(published: Path, stop: Path, found: Path) -> None:
    """Opens the file again and again, and reads it as a dashboard does: one query after the other."""
    seen: set[tuple[str, ...]] = set()
    times = 0
    while not stop.exists():
        with duckdb.connect(str(published), read_only=True) as reader:
            run_id = reader.execute("SELECT run_id FROM snapshot").fetchall()[0][0]
            weekly = "SELECT sum(value) FROM {} WHERE grain = 'week' AND segment = 'all' AND {} = '{}'"
            kpi = reader.execute(weekly.format("kpi_value", "kpi", "weekly_revenue")).fetchall()[0][0]
            time.sleep(0.02)
            metric = reader.execute(weekly.format("metric_value", "metric", "revenue")).fetchall()[0][0]
            card = reader.execute("SELECT count(*) FROM scorecard").fetchall()[0][0]
            seen.add((run_id, str(kpi), str(metric), str(card)))
        times += 1
        time.sleep(PAUSE)
    found.write_text(json.dumps({"times": times, "seen": sorted(seen)}))


def test_readers_see_whole_runs_only(ran: Shop) -> None:
    stop, found = ran.root / "stop", [ran.root / f"found_{number}.json" for number in range(2)]
    published = {ran.ask("SELECT run_id FROM snapshot").item(): sum(ran.values("weekly_revenue").values())}
    readers = [processes.start(read_until_stopped, ran.published, stop, one) for one in found]
    for number in range(RUNS):
        ran.write(
            "data/sales/second.csv", csv(SALES_HEADER, [f"J{number},c1,2024-03-05 10:00:00,France,{number + 1},100.00"])
        )
        report = ran.run()
        weekly = report.kpi_values.filter(kpi="weekly_revenue", segment="all")
        published[report.run_id] = weekly["value"].sum()
    stop.touch()
    assert [processes.ended(one) for one in readers] == [0, 0]
    assert len(set(published.values())) == RUNS + 1
    for one in found:
        told = json.loads(one.read_text())
        for run_id, kpi, metric, card in told["seen"]:
            assert kpi == metric == str(published[run_id])
            assert card == "3"
        assert len(told["seen"]) >= RUNS // 2
