"""Two who want the warehouse, and those who are asked to stop."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest

from kpi_pipeline.errors import WarehouseBusy
from tests import processes
from tests.project import SALES_HEADER, Shop, csv, sales

pytestmark = pytest.mark.xdist_group("processes")


class Heard:
    """Remembers what was noted; the first note lets the other run go on."""

    def __init__(self, removes) -> None:
        self.notes: list[str] = []
        self._removes = removes

    def stage(self, name: str, total: int) -> None:
        pass

    def step(self, what: str) -> None:
        pass

    def note(self, text: str) -> None:
        self.notes.append(text)
        self._removes.unlink(missing_ok=True)


@pytest.fixture
def busy(ran: Shop):
    """A run in another process that holds the warehouse until the file is removed."""
    ran.write("data/sales/second.csv", csv(SALES_HEADER, sales([9], first_invoice=500)))
    here = ran.root / "here"
    process = processes.start(processes.run_paused, ran.root, "derive", here)
    processes.wait_for(here)
    yield here, process
    here.unlink(missing_ok=True)
    assert processes.ended(process) == 0


def test_second_run_waits_and_says_for_whom(ran: Shop, busy) -> None:
    here, process = busy
    heard = Heard(here)
    report = ran.run(wait=60, watch=heard)
    assert report.status == "unchanged"
    assert f"process {process.pid} on " in heard.notes[0]
    assert "The warehouse is being written by run " in heard.notes[0]
    assert ran.ask("SELECT count(*) FROM run WHERE status = 'published'").item() == 2


def test_impatient_run_leaves(ran: Shop, busy) -> None:
    _, process = busy
    published = ran.published.read_bytes()
    with pytest.raises(WarehouseBusy, match=f"process {process.pid} on .*\nHint: "):
        ran.run(wait=0)
    ran.kpi("run", "--wait", "0").refuses(4, "is being written by", f"process {process.pid}")
    assert ran.published.read_bytes() == published


def test_processes_end_with_the_one_that_started_them(tmp_path) -> None:
    line = tmp_path / "line"
    os.mkfifo(line)
    starts = processes.start(starts_two, line)
    began = time.monotonic()
    with line.open(encoding="utf-8") as read:
        assert sorted(read.readline() for _ in range(2)) == ["a function\n", "a program\n"]
        starts.kill()
        assert read.read() == ""
    assert time.monotonic() - began < 60


def starts_two(line) -> None:
    """Starts two that hold a line open for minutes, and stays."""
    processes.start(holds, line)
    subprocess.run([*processes.TIED, "sh", "-c", f"exec 3>{line}; echo a program >&3; exec sleep 300"], check=True)


def holds(line) -> None:
    with line.open("w", encoding="utf-8") as told:
        print("a function", file=told, flush=True)
        time.sleep(300)


def test_query_waits_for_the_run(ran: Shop, busy) -> None:
    here, process = busy
    ran.kpi("query", "revenue", "--wait", "0").refuses(4, f"process {process.pid}", "--wait")
    waiting = processes.start(processes.command, ran.root, ["query", "revenue", "--format", "csv"], ran.root / "said")
    while "is being written" not in ((ran.root / "said").read_text() if (ran.root / "said").exists() else ""):
        time.sleep(0.02)
    here.unlink()
    assert processes.ended(waiting) == 0
    assert (ran.root / "said").read_text().splitlines()[-1] == str(sum(ran.values("weekly_revenue").values()))


def test_published_file_is_read_while_a_run_is_writing(ran: Shop, busy) -> None:
    assert ran.kpi("list").code == 0
    assert ran.kpi("show", "weekly_revenue").code == 0
    assert ran.kpi("check").code == 0


@pytest.mark.parametrize(("asked", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_run_says_so_and_ends_cleanly(ran: Shop, asked: signal.Signals, code: int) -> None:
    ran.write("data/sales/second.csv", csv(SALES_HEADER, sales([9], first_invoice=500)))
    here, said = ran.root / "here", ran.root / "said"
    before = ran.hashes()
    process = processes.start(stopped_run, ran.root, here, said)
    processes.wait_for(here)
    os.kill(process.pid, asked)
    assert processes.ended(process) == code
    assert said.read_text() == "Stopped. What was published before is untouched; the next run finishes the work.\n"
    assert ran.hashes() == before
    assert ran.run().status == "published"
    assert sorted(ran.ask("SELECT status FROM run").to_series()) == ["published", "published", "stopped"]


def stopped_run(root, here, said) -> None:
    """`kpi run` that stays in a stage until it is stopped."""
    from kpi_pipeline.cli import run as module

    module.Quiet = lambda: processes.Paused("derive", here)
    processes.command(root, ["run", "--quiet"], said)
