"""`kpi check` on a project that has run and on one that has not: what it looks at, what it says of a rule."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from tests.project import Shop


def aim(shop: Shop, value: int) -> None:
    """Another target for the weekly revenue, which is about 1500."""
    file = next(Path(shop.root, "definitions").rglob("kpis.yaml"))
    text = file.read_text(encoding="utf-8")
    file.write_text(
        text.replace("from: 2024-01-01, value: 1500", f"from: 2024-01-01, value: {value}"), encoding="utf-8"
    )


def rules(said: str) -> set[str]:
    return {one["rule"] for one in json.loads(said)}


def test_published_values_are_looked_at(ran: Shop) -> None:
    assert "X" not in rules(ran.kpi("check", "--json").out)

    aim(ran, 90_000)
    found = [one for one in json.loads(ran.kpi("check", "--json").out) if one["rule"] == "X"]

    assert [one["subject"] for one in found] == ["KPI weekly_revenue"]
    assert "lies far outside its history: at least 90000" in found[0]["message"]
    assert found[0]["place"]["file"] == "definitions/kpis.yaml"


def test_without_data_the_definitions_alone(ran: Shop) -> None:
    aim(ran, 90_000)

    assert "X" not in rules(ran.kpi("check", "--no-data", "--json").out)
    said = ran.kpi("check", "--no-data")
    assert "Rules E and H and X look at published values, too: without --no-data." in said.out
    assert said.code == 0


def test_before_the_first_run_it_says_what_was_not_looked_at(shop: Shop) -> None:
    said = shop.kpi("check")

    assert "Rules E and H and X look at published values, too: once `kpi run` has published them." in said.out
    assert not shop.warehouse.exists()


def test_a_published_file_that_cannot_be_read_is_as_none(ran: Shop) -> None:
    (ran.root / "out/kpi.duckdb").write_bytes(b"no database")
    said = ran.kpi("check")

    assert said.code == 0, said
    assert "look at published values, too" in said.out


def test_a_run_publishes_what_check_would_say(ran: Shop) -> None:
    """Of the values it publishes itself, not of those before."""
    aim(ran, 90_000)
    ran.run()
    with duckdb.connect(str(ran.root / "out/kpi.duckdb"), read_only=True) as published:
        rows = published.execute("SELECT rule, level, subject, message, hint FROM lint_result ORDER BY ALL").fetchall()

    told = json.loads(ran.kpi("check", "--json").out)
    assert rows == sorted((one["rule"], one["level"], one["subject"], one["message"], one["hint"]) for one in told)
    assert "X" in {row[0] for row in rows}


def test_a_rule_is_explained(shop: Shop) -> None:
    said = shop.kpi("check", "--explain", "h")

    assert said.code == 0, said
    assert said.out.startswith("H: a number that can only rise\n")
    assert "Bad:" in said.out and "type: cumulative, input_metric: orders}" in said.out


def test_there_is_no_such_rule(shop: Shop) -> None:
    said = shop.kpi("check", "--explain", "Q7")

    assert said.code == 2
    assert "There is no rule 'Q7'.\nHint: " in said.err
