"""The whole table of cohorts: published with a KPI, drawn in the terminal."""

from __future__ import annotations

from datetime import UTC, date, datetime

import duckdb
import polars as pl
import pytest

from kpi_pipeline import load_project
from kpi_pipeline.api import LoadedProject
from kpi_pipeline.errors import QueryError
from tests.project import kpi

pytestmark = pytest.mark.xdist_group("cohort tables")
DEFINITIONS = """
project: {name: club, as_of: data, publish: {grains: [month]}}
sources:
  - name: visits
    connector: {type: file, path: data/visits.csv}
    load: {mode: append, cursor: day}
    personal: [person]
models:
  - name: visit
    sql: SELECT CAST(day AS DATE) AS day, person, channel FROM raw.visits
    agg_time_dimension: day
    entities: [{name: person, type: foreign}]
    dimensions: [channel]
metrics:
  - {name: back, type: retention, entity: person, model: visit, cohort_grain: month, age: 1, unit: percent}
kpis:
  - name: come_again
    metric: back
    direction: up
    grain: month
    breakdowns: [[], [cohort_age], [channel, cohort_age]]
    segments_at_most: 1
    target: {type: at_least, values: [{from: 2024-01, value: 0.5}]}
"""
VISITS = """day,person,channel
2024-01-10,ann,web
2024-01-11,bob,web
2024-02-01,ann,app
2024-02-03,cid,app
2024-03-04,bob,web
2024-03-05,ann,web
"""


@pytest.fixture(scope="module")
def club(tmp_path_factory: pytest.TempPathFactory) -> LoadedProject:
    """The club after a run."""
    root = tmp_path_factory.mktemp("club")
    (root / "definitions").mkdir()
    (root / "data").mkdir()
    (root / "definitions" / "all.yaml").write_text(DEFINITIONS, encoding="utf-8")
    (root / "data" / "visits.csv").write_text(VISITS, encoding="utf-8")
    made = load_project(root / "definitions")
    made.run(now=datetime(2024, 3, 6, 12, tzinfo=UTC))
    return made


def _published(project: LoadedProject, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(project.project.path("data/published/kpi.duckdb")), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_every_age_that_has_begun_is_published(club: LoadedProject) -> None:
    found = _published(
        club,
        "SELECT period_start, segment, value, denominator, is_complete, previous_value FROM kpi_value "
        "WHERE breakdown = 'cohort_age' ORDER BY 1, 2",
    )
    january, february, march = date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1)
    assert found == [
        (january, "cohort_age=0", 1.0, 2.0, True, None),
        (january, "cohort_age=1", 0.5, 2.0, True, None),
        (january, "cohort_age=2", 1.0, 2.0, False, None),
        (february, "cohort_age=0", 1.0, 1.0, True, 1.0),
        (february, "cohort_age=1", 0.0, 1.0, False, 0.5),
        (march, "cohort_age=0", None, 0.0, False, 1.0),
    ]


def test_the_total_keeps_the_age_of_the_metric_and_its_target(club: LoadedProject) -> None:
    found = _published(
        club, "SELECT period_start, value, status FROM kpi_value WHERE breakdown = 'all' ORDER BY period_start"
    )
    assert found == [
        (date(2024, 1, 1), 0.5, "on_track"),
        (date(2024, 2, 1), 0.0, "in_progress"),
        (date(2024, 3, 1), None, "in_progress"),
    ]


def test_the_rest_of_the_channels_has_its_ages(club: LoadedProject) -> None:
    segments = _published(
        club,
        "SELECT segment, dimension, dimension_value FROM segment WHERE breakdown = 'channel|cohort_age' "
        "AND segment LIKE '%cohort_age=1' ORDER BY 1, 2",
    )
    assert segments == [
        ("channel=(other)|cohort_age=1", "channel", "(other)"),
        ("channel=(other)|cohort_age=1", "cohort_age", "1"),
        ("channel=web|cohort_age=1", "channel", "web"),
        ("channel=web|cohort_age=1", "cohort_age", "1"),
    ]


def test_a_second_run_changes_nothing(club: LoadedProject) -> None:
    query = "SELECT * EXCLUDE (segment), segment FROM kpi_value ORDER BY ALL"
    before = _published(club, query)
    club.run(now=datetime(2024, 3, 6, 13, tzinfo=UTC))
    assert _published(club, query) == before


def test_the_table_is_drawn_with_ages_across(club: LoadedProject) -> None:
    said = kpi("query", "back", "--grain", "month", "--pivot", "cohort_age", "-C", str(club.project.root))
    head, *lines = [line.split() for line in said.out.splitlines() if line.strip()]
    assert head == ["period_start", "0", "1", "2"]
    assert [line[0] for line in lines] == ["2024-01-01", "2024-02-01"]
    assert " ".join(lines[0][1:]).replace("\xa0", " ") == "100.0 % 50.0 % 100.0 %"
    assert lines[1][-1] == "–"


def test_a_pivot_in_a_file_and_of_another_dimension(club: LoadedProject) -> None:
    said = kpi(
        "query", "back", "--by", "cohort_age", "--pivot", "channel", "--format", "csv", "-C", str(club.project.root)
    )
    assert said.out.splitlines() == ["cohort_age,app,web", "0,1.0,1.0", "1,0.0,0.5", "2,,1.0"]


def test_a_pivot_has_one_metric(club: LoadedProject) -> None:
    said = kpi("query", "back", "nothing", "--pivot", "cohort_age", "-C", str(club.project.root))
    said.refuses(2, "hold one metric, and 'back', 'nothing' are asked for")


def test_explain_says_what_is_divided(club: LoadedProject) -> None:
    said = kpi("explain", "back", "-C", str(club.project.root))
    assert "entities seen 1 month after the first, from the days on which" in said.out
    assert "entities first seen 1 month ago or earlier" in said.out


def test_ages_are_no_parts_of_a_change(club: LoadedProject) -> None:
    """Each age is a number of the whole cohort: nothing is told by it, and all that is told adds up to the change."""
    found = club.why("come_again", start="2024-01", end="2024-02", by=["channel"])
    assert (found.before, found.now) == (0.5, 0)
    told = found.rows.group_by("breakdown").agg(pl.col("contribution").sum())
    assert sorted(told.iter_rows()) == [("all", -0.5), ("channel", -0.5)]
    assert set(club.why("come_again", end="2024-02").rows.get_column("breakdown")) == {"all"}
    with pytest.raises(QueryError, match="no part of another(.|\n)*--pivot cohort_age"):
        club.why("come_again", by=["cohort_age,channel"])
