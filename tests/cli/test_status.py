"""`kpi status`: one screen on what is fresh, late, failing or off track; an exit code for monitoring."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kpi_pipeline.pipeline.health import health
from kpi_pipeline.store import Warehouse
from kpi_pipeline.store.runs import begin_run
from kpi_pipeline.store.state import prepare_state
from tests.project import Shop


def test_everything_is_said_on_one_screen_and_to_machines(tmp_path: Path) -> None:
    shop = Shop.opened_in(tmp_path)
    before = shop.kpi("status", "--fail-on", "any")
    assert "none yet" in before.out
    shop.write(
        "data/sales/bad.csv",
        "invoice,customer,sold_at,country,quantity,price\nX1,C1,2024-03-05,France,many,5\nX2,C1,2024-03-05,France,1,-5\n",
    )
    shop.run()
    said = shop.kpi("status")
    assert said.code == 0
    for words in (
        "published, began on 2024-03-11 07:00, took ",
        "Next run",
        "sales",
        "tickets",
        "price_not_negative",
        "1 of 62 rows did not fit",
        "2024-W09: €577 against €1,500",
    ):
        assert words in said.out, f"{words!r} is not said in:\n{said.out}"
    found = json.loads(shop.kpi("status", "--json").out)
    assert found["concerns"]["quarantined"] == [{"about": "raw/sales", "text": "1 of 62 rows did not fit"}]
    assert found["concerns"]["failing"][0]["about"] == "raw/sales"
    assert found["concerns"]["late"] == []  # it goes by its data, so nothing is late by the clock
    assert {one["source"]: one["row_count"] for one in found["sources"]} == {"sales": 61, "targets": 2, "tickets": 29}
    lines = shop.kpi("status", "--format", "prometheus").out.splitlines()
    assert 'kpi_concerns{project="shop",kind="quarantined"} 1' in lines
    assert 'kpi_source_rows{project="shop",source="sales"} 61' in lines
    helped = [line.split(maxsplit=3)[3] for line in lines if line.startswith("# HELP")]
    assert len(helped) == len(set(helped)), "each number says what it is"
    assert {"ingest", "publish"} <= {one["stage"] for one in shop.load().status().stages}
    assert shop.kpi("status", "--fail-on", "late,failed").code == 0
    assert shop.kpi("status", "--fail-on", "quarantined").code == 1
    shop.kpi("status", "--fail-on", "lat").refuses(2, "'lat'", "late")


def test_late_failed_and_at_work(tmp_path: Path) -> None:
    shop = Shop.opened_in(tmp_path)
    shop.edit("definitions/project.yaml", "as_of: data", "as_of: now")
    shop.edit(
        "definitions/sources.yaml",
        "name: priority_known}",
        "name: priority_known}\n      - {type: recency, column: opened_at, within: 20 days, severity: warn}",
    )
    shop.run(select=["weekly_tickets"])
    project = shop.load().project
    soon = health(project, now=datetime(2024, 3, 11, 8, tzinfo=UTC))
    assert soon.of("late") == ()
    assert soon.next_run == datetime(2024, 3, 12, 6, tzinfo=UTC)
    later = health(project, now=datetime(2024, 4, 30, 8, tzinfo=UTC))
    assert [one.about for one in later.of("late")] == ["raw/tickets", "kpi/weekly_tickets", "run"]
    shop.edit("definitions/models.yaml", "FROM raw.tickets", "FROM raw.tickets WHERE 'x'::INT = 1")
    assert shop.kpi("run").code != 0
    (failed,) = health(project).of("failed")
    said = "Model 'ticket' cannot be read: Conversion Error: Could not convert string 'x' to INT32"
    assert failed.text == f"failed; readers see what was published before. It said: {said}"
    assert json.loads(shop.kpi("status", "--json").out)["last_run"]["problem"] in failed.text
    with Warehouse.open(shop.warehouse, holder="run 7"):
        at_work = health(project)
        assert at_work.running is not None
        assert at_work.running["holder"] == "run 7"
        assert not at_work.runs_known
        said = shop.kpi("status").out
        assert f"at work since {at_work.running['since'][:16].replace('T', ' ')}: run 7, process " in said
    assert health(project).running is None


def test_why_a_run_failed_is_kept_short_and_without_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_PASSWORD", "correct horse")
    shop = Shop.opened_in(tmp_path)
    asked = f"'correct horse {'battery staple ' * 40}'::INT"
    shop.edit("definitions/models.yaml", "FROM raw.tickets", f"FROM raw.tickets WHERE {asked} = 1")
    assert shop.kpi("run").code != 0
    problem = json.loads(shop.kpi("status", "--json").out)["last_run"]["problem"]
    assert "string '••• battery staple" in problem
    assert problem.endswith(" …")
    assert len(problem) <= 300
    with Warehouse.open(shop.warehouse) as warehouse:
        assert "correct horse" not in str(warehouse.rows("SELECT * FROM state.run"))


def test_a_run_whose_process_is_gone_was_killed(tmp_path: Path) -> None:
    shop = Shop.opened_in(tmp_path)
    with Warehouse.open(shop.warehouse) as warehouse:
        prepare_state(warehouse)
        begin_run(warehouse, "run 7", datetime(2024, 3, 11, 7, tzinfo=UTC), "v1")
    found = json.loads(shop.kpi("status", "--json").out)
    assert (found["last_run"]["status"], found["running"]) == ("killed", None)
    assert found["concerns"]["failed"] == [{"about": "run 7", "text": "killed; readers see what was published before"}]
    said = shop.kpi("status").out
    assert "killed" in said.splitlines()[1]
    assert "running" not in said


def test_a_failed_blocking_check_says_what_stays_behind(tmp_path: Path) -> None:
    shop = Shop.opened_in(tmp_path)
    shop.write("data/tickets.csv", "ticket,opened_at,priority,hours\nT1,2024-03-04,odd,1\n")
    shop.run()
    failing = {one.about: one.text for one in shop.load().status().of("failing")}
    assert "blocks what depends on it" in failing["raw/tickets"]
    assert failing["kpi/weekly_tickets"] == "stays as it was published, because of raw/tickets"
    assert shop.kpi("status", "--fail-on", "failing").code == 1
