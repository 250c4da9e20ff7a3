"""A run killed without warning, anywhere: readers see the last good snapshot, and the next run makes all good."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import processes
from tests.conftest import prepared
from tests.project import SALES_HEADER, Shop, csv, sales

pytestmark = pytest.mark.xdist_group("processes")
POINTS = [
    ("ingest", 0), ("ingest", 4), ("model", 1), ("reduce", 1), ("derive", 1), ("validate", 1),
    ("publish", 1), ("publish", 2), ("publish", 4),
]  # fmt: skip
"""(ingest, 4): one source is let in, the next is not. (publish, 1): the new tables are in, readers see the old file."""


@pytest.fixture(scope="module")
def undisturbed(_run_once: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str | None]:
    """The content of all tables after a run over the new data that nobody disturbed."""
    with prepared(tmp_path_factory.mktemp("undisturbed"), _run_once) as shop:
        deliver(shop)
        assert shop.run().status == "published"
        return shop.hashes()


def deliver(shop: Shop) -> None:
    """New sales, and tickets that changed."""
    shop.write("data/sales/second.csv", csv(SALES_HEADER, sales([8, 9, 10], first_invoice=500)))
    shop.edit("data/tickets.csv", "T0,2024-01-01 09:30:00,high", "T0,2024-01-01 09:30:00,low")


@pytest.mark.parametrize(("stage", "step"), POINTS, ids=str)
def test_killed_run_does_no_harm(ran: Shop, undisturbed: dict[str, str | None], stage: str, step: int) -> None:
    deliver(ran)
    before = ran.hashes()
    code = processes.ended(processes.start(processes.run_killed, ran.root, stage, step))
    assert code == -9
    assert ran.hashes() in ((before,) if stage != "publish" or step < 2 else (undisturbed,))
    report = ran.run()
    assert report.status == "published"
    assert ran.hashes() == undisturbed
    statuses = ran.ask("SELECT status FROM run").to_series().to_list()
    assert sorted(statuses) == ["killed", "published", "published"]
    leftovers = [one.name for one in (*ran.root.glob("data/.*"), *ran.root.glob("out/.*"))]
    assert leftovers == []
    assert ran.run().status == "unchanged"
