"""A KPI by hour, from files to what Dagster plots: on a day on which the clocks go back."""

from __future__ import annotations

import base64

import duckdb

from tests.orchestration.conftest import Shop

DESK = """
project:
  name: desk
  timezone: Europe/London
  as_of: data
  publish: {duckdb: published/kpi.duckdb, scorecard: published/scorecard, grains: [hour, day]}
  warehouse: warehouse.duckdb
sources:
  - name: tickets
    connector: {type: file, path: lines/*.csv}
    load: {mode: append, cursor: opened}
    checks: [{type: not_null, name: every ticket has a team, columns: [team]}]
models:
  - name: ticket
    sql: SELECT opened, closed, team FROM raw.tickets
    agg_time_dimension: opened
    dimensions: [team, {name: opened, type: time}, {name: closed, type: time}]
metrics:
  - {name: opened_tickets, type: simple, model: ticket, agg: count, unit: count}
  - {name: open_tickets, type: simple, model: ticket, agg: count, active: {from: opened, to: closed}, unit: count}
kpis:
  - name: hourly_open
    metric: open_tickets
    direction: down
    grain: hour
    breakdowns: [[], [team]]
    target: {type: at_most, values: [{from: 2024-10, value: 1}]}
  - {name: hourly_opened, metric: opened_tickets, direction: up, grain: hour}
"""
TICKETS = """opened,closed,team
2024-10-26 22:30:00,2024-10-27 00:30:00,red
2024-10-27 00:10:00,2024-10-27 03:10:00,blue
2024-10-28 09:00:00,,red
"""
LATER = """opened,closed,team
2024-10-27 23:00:00,2024-10-27 23:30:00,blue
2024-10-29 09:00:00,2024-10-29 10:00:00,
"""


def _desk(shop: Shop) -> Shop:
    shop.write("definitions/shop.yaml", DESK)
    shop.write("lines/2024.csv", TICKETS)
    return shop


def _published(shop: Shop, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(shop.root / "published/kpi.duckdb"), read_only=True) as reader:
        reader.execute("SET TimeZone = 'UTC'")
        return reader.execute(query).fetchall()


def test_a_kpi_by_hour_materializes_and_tells_its_latest_complete_hour(shop: Shop) -> None:
    outcome = _desk(shop).materialize()
    assert outcome.success
    told = outcome.metadata["kpi/hourly_open"]
    # 28 October is in progress, so the last hour of the 27th is the latest complete one
    wanted = {"period": "2024-10-27 23:00+00:00", "status": "on_track", "value": 0.0, "target": 1.0}
    assert {key: told[key] for key in wanted} == wanted
    assert told["dagster/row_count"] == 3 * (24 + 25 + 24)
    assert len(told["sparkline"]) == 26
    assert "| 2024-10-27 23:00+00:00 | 0 | 1 |" in told["preview"]
    picture = base64.b64decode(told["trend"].split("base64,")[1].removesuffix(")")).decode()
    assert picture.startswith("<svg")


def test_the_hour_that_comes_twice_has_two_values(shop: Shop) -> None:
    _desk(shop).materialize()
    found = _published(
        shop,
        "SELECT period_label, value, status FROM kpi_value WHERE kpi = 'hourly_open' AND segment = 'all' "
        "AND period_label LIKE '2024-10-27 0%' ORDER BY period_start_utc LIMIT 5",
    )
    # moments without a zone are London's; at half past midnight the red ticket is closed
    assert found == [
        ("2024-10-27 00:00+01:00", 1.0, "on_track"),
        ("2024-10-27 01:00+01:00", 1.0, "on_track"),
        ("2024-10-27 01:00+00:00", 1.0, "on_track"),
        ("2024-10-27 02:00+00:00", 1.0, "on_track"),
        ("2024-10-27 03:00+00:00", 0.0, "on_track"),
    ]


def test_a_metric_tells_its_hours_beside_its_days(shop: Shop) -> None:
    told = _desk(shop).materialize().metadata["metric/open_tickets"]
    assert (told["hour_period"], told["hour_value"]) == ("2024-10-27 23:00+00:00", 0.0)
    assert (told["day_period"], told["day_value"]) == ("2024-10-27", 0.0)


def test_checks_pass_and_fail_by_hour_too(shop: Shop) -> None:
    first = _desk(shop).materialize()
    of_kpi = [check for (asset, _), check in first.checks.items() if asset == "kpi/hourly_open"]
    assert of_kpi, "the values of a KPI are checked before anybody sees them"
    assert all(check.passed for check in first.checks.values())

    shop.write("lines/more.csv", LATER)
    outcome = shop.materialize()
    assert not outcome.success
    assert not outcome.checks["raw/tickets", "every_ticket_has_a_team"].passed
    assert "kpi/hourly_open" not in outcome.materialized


def test_new_rows_make_the_hours_that_they_touch(shop: Shop) -> None:
    _desk(shop).materialize()
    shop.write("lines/more.csv", LATER.replace("10:00:00,", "10:00:00,red"))
    outcome = shop.materialize()
    assert outcome.metadata["kpi/hourly_open"]["period"] == "2024-10-28 23:00+00:00"
    assert outcome.metadata["kpi/hourly_open"]["value"] == 1.0
    opened = "SELECT sum(value) FROM kpi_value WHERE kpi = 'hourly_opened' AND period_start = DATE '2024-10-27'"
    assert _published(shop, opened) == [(2.0,)]
