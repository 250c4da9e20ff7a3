"""Runs of a project by hours, by a retail calendar and by one kept in a table."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from kpi_pipeline import load_project
from kpi_pipeline.api import LoadedProject
from kpi_pipeline.errors import DataError, DefinitionError
from tests.project import kpi

DEFINITIONS = """
project: {{name: shop, timezone: Europe/London, as_of: data{project}}}
sources:
  - name: sales
    connector: {{type: file, path: data/sales/*.csv}}
    load: {{mode: append, cursor: sold_at}}
  - {{name: dates, connector: {{type: file, path: data/dates.csv}}}}
models:
  - name: sale
    sql: SELECT sold_at, shop, CAST(amount AS DECIMAL(9, 2)) AS amount FROM raw.sales
    agg_time_dimension: sold_at
    dimensions: [shop]
metrics:
  - {{name: amount, type: simple, model: sale, agg: sum, expr: amount}}
  - {{name: shops, type: simple, model: sale, agg: count_distinct, expr: shop}}
  - {{name: last_24h, type: cumulative, input_metric: amount, window: 24 hours}}
kpis:
  - {{name: taken, metric: amount, direction: up, grain: {grain}, breakdowns: [[], [shop]]}}
"""
SALES = """sold_at,shop,amount
2024-10-26 23:10:00,north,1
2024-10-27 00:30:00,south,2
2024-10-27 02:15:00,north,4
"""
LATER = """sold_at,shop,amount
2024-10-27 05:20:00,north,8
2024-10-28 09:00:00,south,16
"""
NOW = datetime(2024, 10, 29, 12, tzinfo=UTC)


@pytest.fixture
def shop(tmp_path: Path):
    """Writes the shop's files and loads its project."""

    def written(grain: str, *, project: str = "", dates: str = "day,period\n2024-10-01,1\n") -> LoadedProject:
        (tmp_path / "definitions").mkdir(exist_ok=True)
        (tmp_path / "data" / "sales").mkdir(parents=True, exist_ok=True)
        text = DEFINITIONS.format(grain=grain, project=project)
        (tmp_path / "definitions" / "all.yaml").write_text(text, encoding="utf-8")
        (tmp_path / "data" / "sales" / "1.csv").write_text(SALES, encoding="utf-8")
        (tmp_path / "data" / "dates.csv").write_text(dates, encoding="utf-8")
        return load_project(tmp_path / "definitions")

    return written


def _published(project: LoadedProject, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(project.project.path("data/published/kpi.duckdb")), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return connection.execute(query).fetchall()


def test_a_kpi_by_hour_on_the_day_the_clocks_go_back(shop, tmp_path):
    here = str(tmp_path / "definitions")
    project = shop("hour", project=", publish: {grains: [hour, day]}")
    project.run(now=NOW)
    hours = "SELECT period_label, value, previous_value FROM kpi_value WHERE segment = 'all' AND value > 0 ORDER BY period_start_utc"
    assert _published(project, hours) == [
        ("2024-10-26 23:00+01:00", 1, 0),
        ("2024-10-27 00:00+01:00", 2, 1),
        ("2024-10-27 02:00+00:00", 4, 0),
    ]
    days = "SELECT period_start, count(*), sum(value), bool_and(is_complete) FROM kpi_value WHERE segment = 'all' GROUP BY 1 ORDER BY 1"
    assert _published(project, days) == [(date(2024, 10, 26), 24, 1, True), (date(2024, 10, 27), 25, 6, False)]
    names = "SELECT count(*), count(DISTINCT period_start_utc) FROM calendar_period WHERE grain = 'hour' AND period_start = '2024-10-27'"
    assert _published(project, names) == [(25, 25)]
    last = "SELECT value FROM metric_value WHERE metric = 'last_24h' AND grain = 'hour' ORDER BY period_start_utc DESC LIMIT 1"
    assert _published(project, last) == [(4,)], "the last 24 of 25 hours"
    assert _published(project, "SELECT DISTINCT grain FROM metric_value WHERE metric = 'last_24h'") == [("hour",)]
    assert _published(project, "SELECT taken FROM kpi_wide_hour WHERE period_label = '2024-10-27 02:00+00:00'") == [
        (4,)
    ]

    (tmp_path / "data" / "sales" / "2.csv").write_text(LATER, encoding="utf-8")
    project.run(now=NOW)
    incremental = _published(project, "SELECT * FROM kpi_value ORDER BY ALL")
    project.run(now=NOW, full=True)
    assert _published(project, "SELECT * FROM kpi_value ORDER BY ALL") == incremental
    assert _published(project, f"{hours} DESC LIMIT 1")[0][:2] == ("2024-10-28 09:00+00:00", 16)
    asked = project.query(["amount"], grain="hour", start="2024-10-27T01", end="2024-10-27T05")
    assert asked.rows() == [(datetime(2024, 10, 27, 2, tzinfo=UTC), 4), (datetime(2024, 10, 27, 5, tzinfo=UTC), 8)]

    said = kpi(
        "query", "amount", "--grain", "hour", "--from", "2024-10-27T02", "--to", "2024-10-27T02", "--project", here
    )
    assert "2024-10-27 02:00+00:00" in said.out, said
    said = kpi("explain", "last_24h", "--project", here)
    assert "reduce partial.sale__sold_at__additive__hour" in said.out, said


def test_retail_months(shop):
    project = shop("month", project=", calendar: {retail: 4-4-5, year_ends: last saturday of october}")
    project.run(now=NOW)
    values = "SELECT period_label, period_start, value FROM kpi_value WHERE segment = 'all' ORDER BY 2"
    assert _published(project, values) == [
        ("FY2024-P12", date(2024, 9, 22), 1),
        ("FY2025-P01", date(2024, 10, 27), 6),
    ]
    year = "SELECT month_start, quarter_start, year_start FROM calendar WHERE day = '2024-10-28'"
    assert _published(project, year) == [(date(2024, 10, 27),) * 3]


def test_months_kept_in_a_table(shop):
    days = "".join(f"2024-10-{day},{day // 27}\n" for day in range(20, 32))
    project = shop("month", project=", calendar: {table: dates, columns: {month: period}}", dates=f"day,period\n{days}")
    project.run(now=NOW)
    values = "SELECT period_start, period_end, value FROM kpi_value WHERE segment = 'all' ORDER BY 1"
    assert _published(project, values) == [
        (date(2024, 10, 20), date(2024, 10, 27), 1),
        (date(2024, 10, 27), date(2024, 11, 1), 6),
    ]


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        ("day,period\n2024-10-20,1\n2024-10-22,1\n", "the day before 2024-10-22 is missing"),
        ("day,period\n2024-10-20,1\n", "goes from 2024-10-20 to 2024-10-20, the rows from 2024-10-26 to 2024-10-27"),
        ("day,period\n1,1\n", "'calendar.columns.day' is 'day', which is BIGINT in raw.dates, and no day"),
    ],
)
def test_a_table_that_is_no_calendar_publishes_nothing(shop, dates, message):
    project = shop("month", project=", calendar: {table: dates, columns: {month: period}}", dates=dates)
    with pytest.raises((DataError, DefinitionError), match=message):
        project.run(now=NOW)
    assert not project.project.path("data/published/kpi.duckdb").exists()


PLANS = """
project: {{name: plans, as_of: data, calendar: {calendar}, publish: {{grains: [month]}}}}
sources:
  - name: plan
    connector: {{type: file, path: data/plan.csv}}
    load: {{mode: full, cursor: month}}
    complete_through: {{grain: month}}
  - {{name: days, connector: {{type: file, path: data/days.csv}}}}
models:
  - {{name: planned, table: raw.plan, agg_time_dimension: month}}
  - {{name: dates, sql: "SELECT day, period AS p FROM raw.days", agg_time_dimension: day}}
metrics: [{{name: amount, type: simple, model: planned, agg: sum, expr: amount}}]
"""


def _days(length: int) -> str:
    """A calendar whose months have so many days, from the first of 2024."""
    return "\n".join(
        ["day,period", *(f"{date(2024, 1, 1) + timedelta(day)},{day // length + 1}" for day in range(168))]
    )


@pytest.mark.parametrize(
    ("calendar", "months"),
    [
        # of months of 28 days the second begins on 29 January and ends when February is not over
        ("{table: days, columns: {month: period}}", [("2024-01-01", 3), ("2024-01-29", 4)]),
        ("{table: dates, columns: {month: p}}", [("2024-01-01", 3), ("2024-01-29", 4)]),
        # the retail month of February begins on 28 January
        (
            "{retail: 4-4-5, year_ends: last saturday of january}",
            [("2023-12-24", 3), ("2024-01-28", 4)],
        ),
    ],
)
def test_a_source_that_names_months_is_complete_through_the_newest_of_the_calendar(tmp_path, calendar, months):
    (tmp_path / "definitions").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "definitions" / "all.yaml").write_text(PLANS.format(calendar=calendar), encoding="utf-8")
    (tmp_path / "data" / "days.csv").write_text(_days(28), encoding="utf-8")
    plan = "month,amount\n2024-01-01,1\n2024-01-15,2\n2024-01-29,4\n"
    (tmp_path / "data" / "plan.csv").write_text(plan, encoding="utf-8")
    project = load_project(tmp_path / "definitions")
    project.run(now=NOW)

    found = _published(project, "SELECT period_start::VARCHAR, value, is_complete FROM metric_value ORDER BY 1")
    assert found == [(month, amount, True) for month, amount in months]


def test_a_source_that_names_months_follows_a_calendar_that_was_changed(tmp_path):
    (tmp_path / "definitions").mkdir()
    (tmp_path / "data").mkdir()
    definitions = tmp_path / "definitions" / "all.yaml"
    definitions.write_text(PLANS.format(calendar="{table: days, columns: {month: period}}"), encoding="utf-8")
    (tmp_path / "data" / "plan.csv").write_text("month,amount\n2024-01-15,4\n", encoding="utf-8")
    days = tmp_path / "data" / "days.csv"
    query = "SELECT period_start::VARCHAR, period_end::VARCHAR, is_complete FROM metric_value"
    for length, month in ((14, ("2024-01-15", "2024-01-29")), (56, ("2024-01-01", "2024-02-26"))):
        days.write_text(_days(length), encoding="utf-8")
        project = load_project(tmp_path / "definitions")
        project.run(now=NOW)
        assert _published(project, query) == [(*month, True)]
        assert project.query(["amount"], grain="month").height == 1
