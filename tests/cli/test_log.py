"""`kpi run --log-format json`: an event a line, with run, stage, rows, seconds and memory, and never a secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kpi_pipeline.log import EVENTS
from tests.project import Shop


def _events(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_every_line_of_a_run_is_an_event(tmp_path: Path) -> None:
    shop = Shop.opened_in(tmp_path)
    said = shop.kpi("run", "--quiet", "--log-format", "json", "--log-level", "debug")
    assert (said.code, said.out) == (0, "")
    events = _events(said.err)
    known = {one.name: {*one.facts, "run_id"} for one in EVENTS}
    assert [
        one for one in events if not one.keys() - {"time", "level", "event", "message"} <= known[one["event"]]
    ] == []
    assert {one["run_id"] for one in events} == {events[0]["run_id"]}
    assert (events[0]["event"], events[-1]["event"], events[-1]["status"]) == ("run_started", "run_ended", "published")
    ended = {str(one["stage"]): one for one in events if one["event"] == "stage_ended"}
    assert set(ended) == {*["ingest", "model", "reduce", "derive", "projection", "judge", "validate", "publish"]}
    assert all(one["seconds"] >= 0 and one["peak_mb"] > 0 for one in ended.values())
    assert (ended["ingest"]["rows"], events[-1]["rows_read"]) == (91, 91)
    stages = shop.ask("SELECT stage, rows_out, peak_mb FROM run_stage").rows()
    assert {(name, ended[name]["rows"]) for name, *_ in stages} == {(name, rows) for name, rows, _ in stages}
    (sales,) = [one for one in events if one["event"] == "asset" and one["asset"] == "raw/sales"]
    assert (sales["rows"], sales["quarantined"], sales["changed"]) == (60, 0, True)


def test_failures_are_told_once_and_without_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "correct horse battery")
    shop = Shop.opened_in(tmp_path)
    shop.edit("definitions/models.yaml", "FROM raw.tickets", "FROM raw.tickets WHERE 'correct horse battery'::INT = 1")
    log = tmp_path / "logs" / "runs.jsonl"
    said = shop.kpi("run", "--quiet", "--log-format", "json", "--log-file", str(log))
    assert said.code != 0
    assert "correct horse" not in said.err
    (failed,) = [one for one in _events(log.read_text()) if one["level"] == "error"]
    assert (failed["event"], failed["error"]) == ("run_failed", "DataError")
    assert failed["run_id"]
    assert "correct horse" not in log.read_text()
    shop.edit("definitions/kpis.yaml", "metric: revenue", "metric: revenu")
    refused = shop.kpi("run", "--log-format", "json")
    (event,) = _events(refused.err)
    assert (event["event"], event["level"], refused.code) == ("refused", "error", 2)


def test_text_is_a_line_an_event(tmp_path: Path) -> None:
    shop = Shop.opened_in(tmp_path)
    log = tmp_path / "run.log"
    assert shop.kpi("run", "--quiet", "--log-file", str(log), "--select", "weekly_tickets").code == 0
    lines = log.read_text().splitlines()
    assert all(line[:4].isdigit() and " INFO " in line for line in lines), lines
    assert "status=published" in lines[-1]
