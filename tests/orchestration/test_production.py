"""A project as it is operated: code server, daemon and web page as processes, and PostgreSQL as Dagster's storage."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests import processes
from tests.orchestration.conftest import LINES, SHOP, VISITS
from tests.postgres import Postgres

pytestmark = pytest.mark.xdist_group("postgres")
DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
CODE = [
    "-m",
    "dagster",
    "code-server",
    "start",
    "-m",
    "kpi_pipeline.orchestration.definitions",
    "-h",
    "127.0.0.1",
    "-p",
]
PATIENCE = 240.0
RUNS = "{runsOrError { ... on Runs { results { runId status tags { key value } } } }}"


class Site:
    """The processes, and what is asked of the web page."""

    def __init__(self, root: Path, postgres: Postgres) -> None:
        self.root, self.ports = root, (processes.free_port(), processes.free_port())
        self.home = root / "home"
        self.home.mkdir()
        shutil.copyfile(DEPLOY / "dagster.yaml", self.home / "dagster.yaml")
        text = (DEPLOY / "workspace.yaml").read_text(encoding="utf-8").replace("4000", str(self.ports[0]))
        (root / "workspace.yaml").write_text(text, encoding="utf-8")
        self.environment = {
            **os.environ,
            "DAGSTER_HOME": str(self.home),
            "DAGSTER_POSTGRES_URL": postgres.url.replace("postgresql:", "postgresql+psycopg2:"),
            "KPI_DEFINITIONS": str(root / "definitions"),
            "KPI_CODE_HOST": "127.0.0.1",
            "PYTHONPATH": str(DEPLOY.parent),
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        """Starts one of the three as its unit does."""
        code, web = map(str, self.ports)
        workspace = ["-w", str(self.root / "workspace.yaml")]
        command = {
            "code": [*CODE, code],
            "daemon": ["-m", "dagster._daemon", "run", *workspace],
            "webserver": ["-m", "dagster_webserver", "-h", "127.0.0.1", "-p", web, *workspace],
        }[name]
        with (self.root / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [*processes.TIED, sys.executable, "-W", "ignore", *command],
                cwd=self.root, env=self.environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def stop(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        """Ends one of them, and whatever it started."""
        process = self.processes.pop(name)
        os.killpg(process.pid, how)
        try:
            process.wait(60)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def ask(self, query: str) -> dict[str, Any]:
        """What the web page's interface answers."""
        asked = urllib.request.Request(
            f"http://127.0.0.1:{self.ports[1]}/graphql",
            json.dumps({"query": query}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(asked, timeout=30) as answer:
            data: dict[str, Any] = json.load(answer)["data"]
            return data

    def succeeded(self) -> set[str]:
        """The runs that a schedule started and that ended well; none while the page does not answer."""
        try:
            runs = self.ask(RUNS)["runsOrError"]["results"]
        except OSError:
            return set()
        assert not [one for one in runs if one["status"] == "FAILURE"], runs
        by_schedule = [one for one in runs if any(tag["key"] == "dagster/schedule_name" for tag in one["tags"])]
        return {one["runId"] for one in by_schedule if one["status"] == "SUCCESS"}

    def wait_for_another(self, known: set[str]) -> set[str]:
        """Waits until the schedule has started one more run, and it has ended well."""
        end = time.monotonic() + PATIENCE
        while not (now := self.succeeded()) - known:
            logs = [(self.root / f"{name}.log").read_text()[-1500:] for name in ("code", "daemon", "webserver")]
            ended = [name for name, one in self.processes.items() if one.poll() is not None]
            assert not ended, f"{ended} ended:\n" + "\n".join(logs)
            assert time.monotonic() < end, "\n".join(logs)
            time.sleep(1)
        return now


@contextmanager
def operated(root: Path, postgres: Postgres) -> Iterator[Site]:
    """The three processes at work on a shop that runs every minute; all gone afterwards."""
    for name, text in (
        ("definitions/shop.yaml", SHOP.replace("0 6 * * *", "* * * * *")),
        ("lines/2024.csv", LINES),
        ("visits.csv", VISITS),
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    site = Site(root, postgres)
    try:
        for name in ("code", "webserver", "daemon"):
            site.start(name)
        yield site
    finally:
        for name in [*site.processes]:
            site.stop(name, signal.SIGKILL)


def test_schedule_goes_on_whichever_process_is_started_again(postgres: Postgres, tmp_path: Path) -> None:
    with postgres.another_database("dagster") as database, operated(tmp_path, database) as site:
        known = site.wait_for_another(set())
        assert (tmp_path / "published" / "kpi.duckdb").exists()
        assert database.rows("SELECT count(*) FROM runs") != [("0",)], "Dagster keeps its runs in PostgreSQL"
        for name in ("daemon", "webserver", "code"):
            site.stop(name)
            site.start(name)
        assert site.wait_for_another(known) > known, "what ran before is known after all were started again"
