"""OpenLineage events of runs: a collector on this machine gets them all; one that is away costs a run nothing."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.project import Shop

pytest.importorskip("openlineage.client")

Events = list[dict]


@pytest.fixture
def collected(monkeypatch: pytest.MonkeyPatch) -> Iterator[Events]:
    """What a collector was sent."""
    events: Events = []

    class Collecting(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            events.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Nothing is said."""

    server = HTTPServer(("127.0.0.1", 0), Collecting)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("OPENLINEAGE_URL", f"http://127.0.0.1:{server.server_port}")
    yield events
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_run_and_each_asset_begin_and_end(tmp_path: Path, collected: Events) -> None:
    shop = Shop.opened_in(tmp_path)
    shop.write("data/tickets.csv", "ticket,opened_at,priority,hours\nT1,2024-03-04,odd,1\n")
    assert shop.run().status == "blocked"
    told = [(one["job"]["name"], one["eventType"]) for one in collected]
    assert (told[0], told[-1]) == (("shop", "START"), ("shop", "COMPLETE"))
    assert ("model/sale", "COMPLETE") in told
    assert ("metric/revenue", "COMPLETE") in told
    assert ("raw/tickets", "FAIL") in told
    assert ("kpi/weekly_tickets", "FAIL") in told
    ended = {one["job"]["name"]: one for one in collected if one["eventType"] != "START"}
    sale = ended["model/sale"]
    assert [one["name"] for one in sale["inputs"]] == ["raw/sales"]
    (made,) = sale["outputs"]
    assert made["outputFacets"]["outputStatistics"]["rowCount"] == 60
    assert "amount" in {one["name"] for one in made["facets"]["schema"]["fields"]}
    assert {one["field"] for one in made["facets"]["columnLineage"]["dataset"]} >= {"quantity", "price"}
    checked = {one["name"]: one["inputFacets"].get("dataQualityAssertions") for one in ended["shop"]["inputs"]}
    (plausible,) = checked["model/sale"]["assertions"]
    assert (plausible["assertion"], plausible["severity"], plausible["success"]) == ("amount_plausible", "error", True)
    assert not checked["raw/tickets"]["assertions"][0]["success"]
    assert sale["run"]["facets"]["parent"]["run"]["runId"] == collected[0]["run"]["runId"]
    assert "priority_known" in ended["raw/tickets"]["run"]["facets"]["errorMessage"]["message"]
    assert len({one["run"]["runId"] for one in collected}) == len({one["job"]["name"] for one in collected})


def test_what_fails_is_told_and_a_collector_that_is_away_is_left_alone(
    tmp_path: Path, collected: Events, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shop = Shop.opened_in(tmp_path)
    shop.edit("definitions/models.yaml", "FROM raw.tickets", "FROM raw.tickets WHERE 'x'::INT = 1")
    assert shop.kpi("run", "--quiet").code != 0
    assert [(one["eventType"], one["job"]["name"]) for one in collected] == [("START", "shop"), ("FAIL", "shop")]
    assert "Conversion Error" in collected[1]["run"]["facets"]["errorMessage"]["message"]
    shop.edit("definitions/models.yaml", " WHERE 'x'::INT = 1", "")
    monkeypatch.setattr("kpi_pipeline.open_lineage.PATIENCE", 0.5)
    monkeypatch.setenv("OPENLINEAGE_URL", "http://127.0.0.1:9")
    with caplog.at_level(logging.WARNING, logger="kpi_pipeline"):
        assert shop.run().status == "published"
    told = [one.event for one in caplog.records if one.name == "kpi_pipeline" and one.levelno == logging.WARNING]
    assert told == ["lineage_lost"]
