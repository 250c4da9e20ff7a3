"""KPIs on a table of a database: from its rows to the published values, and only what changed the next time."""

from __future__ import annotations

import sqlite3
from datetime import date

import pytest

from tests.project import Shop, tickets

pytest.importorskip("adbc_driver_sqlite", reason="the extra sqlite is not installed")

CONNECTOR = '{type: database, driver: sqlite, uri: "${DESK}", table: tickets}'
LOAD = "{mode: merge, key: [ticket], cursor: opened_at, lookback: 2 weeks, deletions: compare_keys}"


def test_what_changes_in_the_database_changes_in_the_kpis(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK", "data/desk.sqlite")
    shop.edit("definitions/sources.yaml", "{type: file, path: data/tickets.csv}", CONNECTOR)
    shop.edit("definitions/sources.yaml", "{mode: full, cursor: opened_at}", LOAD)
    desk = sqlite3.connect(shop.root / "data" / "desk.sqlite")
    desk.execute("CREATE TABLE tickets (ticket TEXT PRIMARY KEY, opened_at TEXT, priority TEXT, hours INTEGER)")
    desk.executemany("INSERT INTO tickets VALUES (?, ?, ?, ?)", [row.split(",") for row in tickets()])
    desk.commit()

    assert shop.kpi("check").code == 0
    first = shop.run()
    assert first.status == "published"
    before = shop.values("weekly_tickets")
    assert before[date(2024, 1, 1)] == 2
    assert shop.run().status == "unchanged"

    desk.execute("DELETE FROM tickets WHERE ticket = 'T0'")
    desk.execute("INSERT INTO tickets VALUES ('T99', '2024-03-05 10:00:00', 'high', 1)")
    desk.commit()
    desk.close()
    second = shop.run()
    assert second.status == "published"
    touched = next(one.touched for one in second.assets if one.asset == "raw/tickets")
    assert touched == (date(2024, 1, 1), date(2024, 3, 5))
    after = shop.values("weekly_tickets")
    assert {day: (before[day], after[day]) for day in before if before[day] != after[day]} == {
        date(2024, 1, 1): (2, 1), date(2024, 3, 4): (2, 3),
    }  # fmt: skip
