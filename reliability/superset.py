"""Apache Superset reads the published file through 20 publishes; every chart shows the numbers of `kpi query`.

Superset lives in an environment of its own (about 1 GB), with SQLite for its own data and one process with eight
threads, as small installations have it. A database, datasets and charts are made through its REST API. While runs
publish, two askers load charts again and again, each time anew from the file: an answer has to be whole and of one run.
After each run, with nobody else asking, every chart has to show that run, and the numbers of `kpi query`. Nothing but
the published file is given to Superset.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from tests import processes
from tests.project import SALES_HEADER, Shop, csv

PACKAGES = (
    "apache-superset==6.1.0",
    "duckdb-engine==0.17.0",
    "duckdb==2.0.0",
    "flask-caching==2.3.1",
    "rich",
    "cachetools",
)
"""Superset, what lets it read DuckDB files, and what its package needs and does not name (or names too new)."""

PATIENCE = 600.0
ASKERS = 2
PAUSE = 0.1
"""Seconds between two questions of an asker."""

CONFIG = """\
SECRET_KEY = "{secret}"
SQLALCHEMY_DATABASE_URI = "sqlite:///{folder}/superset.db"
WTF_CSRF_ENABLED = False
TALISMAN_ENABLED = False
RATELIMIT_ENABLED = False
"""

Rows = list[dict[str, object]]


@dataclass(frozen=True, eq=False)
class Chart:
    """What a chart shows, and the same asked of the published file."""

    table: str
    columns: tuple[str, ...]
    where: Mapping[str, str] = field(default_factory=dict)
    add_up: str | None = None

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.table}: {self.add_up or ', '.join(self.columns[1:])}"

    def query_context(self, dataset: int) -> dict[str, object]:
        """The chart as Superset keeps it."""
        filters = [{"col": column, "op": "==", "val": value} for column, value in self.where.items()]
        total = {"expressionType": "SQL", "sqlExpression": f"SUM({self.add_up})", "label": "total"}
        query = {
            "columns": list(self.columns),
            "metrics": [total] if self.add_up else [],
            "filters": filters,
            "row_limit": 10_000,
        }
        of = {"id": dataset, "type": "table"}
        return {"datasource": of, "force": True, "queries": [query], "result_format": "json", "result_type": "full"}

    def expected(self, reader: duckdb.DuckDBPyConnection) -> str:
        """What it has to show of the file as it is."""
        shown = [*self.columns, *([f"sum({self.add_up})::DOUBLE AS total"] if self.add_up else [])]
        conditions = " AND ".join(f"{column} = '{value}'" for column, value in self.where.items()) or "true"
        rows = reader.sql(f"SELECT {', '.join(shown)} FROM {self.table} WHERE {conditions} GROUP BY ALL").pl()
        return in_any_order(rows.to_dicts())


CHARTS = (
    Chart("scorecard", ("kpi", "period_label", "value", "target", "status", "trend")),
    Chart("kpi_value", ("period_label", "value", "status"), {"kpi": "weekly_revenue", "segment": "all"}),
    Chart("kpi_value", ("segment",), {"kpi": "weekly_revenue", "grain": "week"}, "value"),
    Chart("kpi_wide_week", ("period_label", "weekly_revenue", "weekly_average_sale", "weekly_tickets")),
    Chart("sale_week", ("country", "period_label", "revenue", "buyers"), {"breakdown": "country"}),
    Chart("metric_value", ("metric",), {"grain": "month", "segment": "all"}, "sample_size"),
)
WEEKLY = CHARTS[1]
RUN = Chart("snapshot", ("run_id",))


def add_options(parser: argparse.ArgumentParser) -> None:
    """What may be asked."""
    parser.add_argument("--publishes", type=int, default=20)
    parser.add_argument("--environment", type=Path, default=None, help="one that has Superset; made anew by default")
    parser.add_argument("--folder", type=Path, default=None, help="where to work; the system's folder by default")


def main(asked: argparse.Namespace) -> int:
    """Lets Superset read, and says what it showed."""
    with tempfile.TemporaryDirectory(dir=asked.folder, prefix="superset-") as name:
        folder = Path(name)
        environment = asked.environment or made(folder / "environment")
        (folder / "project").mkdir()
        shop = Shop.opened_in(folder / "project")
        shop.run()
        with served(environment, folder / "superset") as superset:
            found = tried(shop, superset, publishes=asked.publishes)
    print("\n".join(found.lines()))
    return 1 if found.problems else 0


@dataclass
class Found:
    """What Superset showed."""

    publishes: int = 0
    after_runs: int = 0
    while_publishing: int = 0
    of_an_earlier_run: int = 0
    runs_seen: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.publishes} publishes, {len(CHARTS)} charts, {len(self.runs_seen)} runs seen by their name"
        yield f"{self.after_runs} answers after runs, each that of `kpi query` and of the published file"
        yield f"{self.while_publishing} answers while runs published, {self.of_an_earlier_run} of an earlier run"
        yield f"{len(self.problems)} problems"
        yield from self.problems[:20]


def made(environment: Path) -> Path:
    """An environment with Superset, and nothing of ours."""
    subprocess.run([*processes.TIED, sys.executable, "-m", "venv", environment], check=True)
    install = [str(environment / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*processes.TIED, *install, *PACKAGES], check=True)
    return environment


@dataclass
class Superset:
    """A server of one's own, and what may be asked of it."""

    address: str
    password: str
    token: str = ""

    def ask(self, method: str, path: str, body: object = None) -> dict[str, object]:
        """One question to the REST API."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.address}{path}", data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                said: dict[str, object] = json.load(answer)
                return said
        except urllib.error.HTTPError as problem:
            raise RuntimeError(f"{method} {path}: {problem.code} {problem.read()[:500]!r}") from None

    def log_in(self) -> None:
        """As the administrator."""
        who = {"username": "admin", "password": self.password, "provider": "db"}
        self.token = str(self.ask("POST", "/api/v1/security/login", who)["access_token"])

    def charts_on(self, file: Path) -> dict[Chart, int]:
        """A database, its datasets and charts; the charts by their number."""
        read_only = {"engine_params": {"connect_args": {"read_only": True}}}
        database = self.ask(
            "POST",
            "/api/v1/database/",
            {"database_name": "kpis", "sqlalchemy_uri": f"duckdb:///{file}", "extra": json.dumps(read_only)},
        )["id"]
        datasets: dict[str, int] = {}
        charts: dict[Chart, int] = {}
        for chart in (*CHARTS, RUN):
            if chart.table not in datasets:
                of = {"database": database, "schema": "main", "table_name": chart.table}
                datasets[chart.table] = _number(self.ask("POST", "/api/v1/dataset/", of))
            context = chart.query_context(datasets[chart.table])
            charts[chart] = _number(
                self.ask(
                    "POST",
                    "/api/v1/chart/",
                    {
                        "slice_name": chart.name,
                        "viz_type": "table",
                        "datasource_id": datasets[chart.table],
                        "datasource_type": "table",
                        "params": json.dumps({"viz_type": "table"}),
                        "query_context": json.dumps(context),
                    },
                )
            )
        return charts

    def shown(self, chart: int) -> Rows:
        """The data of a chart, asked of the file and not of a cache."""
        result = self.ask("GET", f"/api/v1/chart/{chart}/data/?force=true")["result"]
        assert isinstance(result, list)
        rows: Rows = result[0]["data"]
        return rows


@contextmanager
def served(environment: Path, folder: Path) -> Iterator[Superset]:
    """Superset on a loopback port, with data of its own in the folder."""
    folder.mkdir()
    config = folder / "superset_config.py"
    config.write_text(CONFIG.format(secret=secrets.token_hex(24), folder=folder), encoding="utf-8")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "KPI_"))}
    variables |= {
        "SUPERSET_CONFIG_PATH": str(config),
        "FLASK_APP": "superset",
        "SUPERSET_HOME": str(folder),
        "HOME": str(folder),
    }
    password, port = secrets.token_hex(8), processes.free_port()
    admin = ["--username", "admin", "--firstname", "A", "--lastname", "B", "--email", "a@example.org"]
    with (folder / "log").open("ab") as log:
        for command in (["db", "upgrade"], ["fab", "create-admin", *admin, "--password", password], ["init"]):
            subprocess.run(
                [*processes.TIED, environment / "bin" / "superset", *command],
                env=variables,
                stdout=log,
                stderr=log,
                check=True,
            )
        command = ["-w", "1", "-k", "gthread", "--threads", "8", "-b", f"127.0.0.1:{port}", "--timeout", "300"]
        server = subprocess.Popen(
            [*processes.TIED, environment / "bin" / "gunicorn", *command, "superset.app:create_app()"],
            env=variables, stdout=log, stderr=log, cwd=folder,
        )  # fmt: skip
    try:
        superset = Superset(f"http://127.0.0.1:{port}", password)
        _wait_for(superset, server, folder / "log")
        superset.log_in()
        yield superset
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)


def tried(shop: Shop, superset: Superset, *, publishes: int) -> Found:
    """Publishes again and again while charts are loaded, and compares all they show."""
    charts = superset.charts_on(shop.published)
    found, history, answers = Found(), [_now(shop)], list[Answer]()
    done, turns = threading.Event(), threading.Semaphore(ASKERS)

    def ask_on() -> None:
        while not done.is_set():
            for chart, number in charts.items():
                with turns:
                    since = len(history) - 1
                    answers.append(Answer(chart, since, _shown(superset, number)))
                time.sleep(PAUSE)

    askers = [threading.Thread(target=ask_on) for _ in range(ASKERS)]
    for asker in askers:
        asker.start()
    try:
        for number in range(publishes):
            day = f"2024-03-05 10:00:00,{('France', 'Spain', 'Peru')[number % 3]}"
            line = f"J{number},c1,{day},{1 + number % 4},{100 + number}.25"
            shop.write(f"data/sales/more_{number:03}.csv", csv(SALES_HEADER, [line]))
            shop.run()
            history.append(_now(shop))
            found.publishes += 1
            with _alone(turns):
                _compare(shop, superset, charts, history[-1], found)
    finally:
        done.set()
        for asker in askers:
            asker.join()
    for answer in answers:
        _count(answer, history, found)
    return found


@dataclass(frozen=True)
class Answer:
    """What a chart showed to somebody who asked when the latest run was that of a number."""

    chart: Chart
    since: int
    shown: str


def _compare(
    shop: Shop, superset: Superset, charts: Mapping[Chart, int], expected: Mapping[Chart, str], found: Found
) -> None:
    """What every chart shows, beside the published file and `kpi query`."""
    for chart, number in charts.items():
        found.after_runs += 1
        if (shown := _shown(superset, number)) != expected[chart]:
            found.problems.append(f"after run {found.publishes}: {chart.name}: {shown} instead of {expected[chart]}")
    asked = [
        float(one) for one in shop.load().query(["revenue"], grain="week").get_column("revenue") if one is not None
    ]
    revenue = [row["value"] for row in superset.shown(charts[WEEKLY]) if row["value"] is not None]
    if sorted(asked) != sorted(map(float, map(str, revenue))):
        found.problems.append(f"after run {found.publishes}: kpi query says {asked}, {WEEKLY.name} shows {revenue}")


def _count(answer: Answer, history: Sequence[Mapping[Chart, str]], found: Found) -> None:
    """Of which run an answer is; it has to be of one."""
    found.while_publishing += 1
    of = [number for number, run in enumerate(history) if run[answer.chart] == answer.shown]
    if not of:
        found.problems.append(f"of no run: {answer.chart.name}: {answer.shown[:300]}")
    elif max(of) < answer.since:
        found.of_an_earlier_run += 1
    if answer.chart is RUN:
        found.runs_seen.add(answer.shown)


@contextmanager
def _alone(turns: threading.Semaphore) -> Iterator[None]:
    """While nobody else asks."""
    for _ in range(ASKERS):
        turns.acquire()
    try:
        yield
    finally:
        turns.release(ASKERS)


def _now(shop: Shop) -> dict[Chart, str]:
    """What every chart has to show of the file as it is."""
    with duckdb.connect(str(shop.published), read_only=True) as reader:
        return {chart: chart.expected(reader) for chart in (*CHARTS, RUN)}


def _shown(superset: Superset, number: int) -> str:
    try:
        return in_any_order(superset.shown(number))
    except (RuntimeError, OSError) as problem:
        return f"error: {problem}"


def in_any_order(rows: Sequence[Mapping[str, object]]) -> str:
    """Rows as one text; whole numbers are written alike, whether with or without a decimal point."""
    plain = [{name: float(value) if isinstance(value, int) else value for name, value in row.items()} for row in rows]
    return "\n".join(sorted(json.dumps(row, sort_keys=True, ensure_ascii=False) for row in plain))


def _number(answer: Mapping[str, object]) -> int:
    assert isinstance(answer["id"], int), answer
    return answer["id"]


def _wait_for(superset: Superset, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{superset.address}/health", timeout=5):
                return
        except OSError:
            time.sleep(0.5)
    raise RuntimeError("Superset did not start: " + log.read_text(encoding="utf-8", errors="replace")[-2000:])
