"""All four frameworks are shown on the shipped project, and its agreement and its focus stand where plain SQL says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import duckdb
import pytest

from kpi_pipeline.api import LoadedProject
from kpi_pipeline.goals import Framework
from tests.reference.expected import SQL, shipped_files

pytestmark = pytest.mark.xdist_group("shipped")


@pytest.fixture(scope="module")
def published(shipped: LoadedProject) -> Iterator[duckdb.DuckDBPyConnection]:
    """The file that BI tools read."""
    with duckdb.connect(str(shipped.project.path(shipped.project.settings.publish.duckdb)), read_only=True) as reader:
        yield reader


@pytest.fixture(scope="module")
def weeks() -> dict[date, tuple[float, float, float]]:
    """Repeat orders' share, customers of 28 days, and the share credited back, by the first day of the week."""
    rows = shipped_files().sql((SQL / "weeks_of_focus.sql").read_text(encoding="utf-8")).fetchall()
    return {week: (repeat, active, credited) for week, repeat, active, credited in rows}


def test_all_four_frameworks_are_there(shipped: LoadedProject) -> None:
    assert {goal.framework for goal in shipped.project.goals.values()} == {None, *Framework}


def test_what_customer_care_looked_at_and_what_became_of_it(
    published: duckdb.DuckDBPyConnection, weeks: dict[date, tuple[float, float, float]]
) -> None:
    """The spring went from the last week before 1 March to that of 21 June; the autumn is not over."""
    rows = published.sql(
        "SELECT focus_number, kpi, before_label, before_value, latest_label, latest_value, change, is_current "
        "FROM team_focus ORDER BY focus_number"
    ).fetchall()
    february, june = weeks[date(2010, 2, 22)][0], weeks[date(2010, 6, 21)][0]
    september, december = weeks[date(2010, 9, 13)][1], weeks[date(2010, 11, 29)][1]
    assert [(number, kpi, before, latest, current) for number, kpi, before, _, latest, *_, current in rows] == [
        (1, "weekly_repeat_order_share", "2010-W08", "2010-W25", False),
        (2, "weekly_active_customers", "2010-W37", "2010-W48", True),
    ]
    numbers = [number for _, _, _, before, _, latest, change, _ in rows for number in (before, latest, change)]
    wanted = [february, june, june - february, september, december, december - september]
    assert numbers == pytest.approx(wanted, rel=1e-12)


def test_the_warehouse_manager_keeps_the_agreement(
    published: duckdb.DuckDBPyConnection, weeks: dict[date, tuple[float, float, float]]
) -> None:
    """The last week within November was below six percent: all of it counts. They look back a year after they agreed."""
    assert weeks[date(2010, 11, 22)][2] < 0.06
    assert published.sql(
        "SELECT person, manager, is_agreed_by_person AND is_agreed_by_manager, review_due, is_overdue, score_label, score,"
        " status FROM mbo_agreement"
    ).fetchall() == [
        ("warehouse_manager", "managing_director", True, date(2010, 12, 14), False, "2010-11", 1.0, "on_track")
    ]


def test_october_cost_the_agreement_its_score(
    published: duckdb.DuckDBPyConnection, weeks: dict[date, tuple[float, float, float]]
) -> None:
    """At most 6 %: the score of a month is 2 - value / target of its last week, at most 1; October's was above."""
    scores = published.sql(
        "SELECT period_start, score FROM goal_score WHERE goal = 'fewer_credit_notes' AND grain = 'month'"
        " AND period_start >= '2010-07-01' AND score IS NOT NULL ORDER BY 1"
    ).fetchall()
    last = [date(2010, 7, 19), date(2010, 8, 23), date(2010, 9, 20), date(2010, 10, 25), date(2010, 11, 22)]
    assert scores == [
        (week.replace(day=1), pytest.approx(min(1, 2 - weeks[week][2] / 0.06), rel=1e-12)) for week in last
    ]
