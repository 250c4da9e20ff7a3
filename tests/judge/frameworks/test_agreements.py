"""Agreements of a person and a manager: both sides, the yearly review, the score."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from kpi_pipeline.judge.frameworks import agreements
from kpi_pipeline.judge.frameworks.agreements import review_due
from kpi_pipeline.teams import Person
from tests.judge.frameworks.samples import TO_REACH_100, goal, judged
from tests.judge.samples import kpi

PEOPLE = (Person(name="ann"), Person(name="bob", manager="ann"))
YEARS = {"from": "2023", "to": "2024"}


APRIL = date(2024, 4, 1)
"""Its data is complete through March."""


def agreement(today: date | None = None, **fields: Any) -> dict[str, Any]:
    mbo = goal("g", framework="mbo", owner="bob", **fields)
    one = judged([mbo], [(kpi(goal="g", target=TO_REACH_100), {1: 80.0, 2: 90.0, 3: None})], people=PEOPLE)
    (found,) = agreements(one.project, one.scores, {"k": today or APRIL})
    return found


def test_both_sides_and_the_score() -> None:
    found = agreement(agreed_by=["bob"], agreed_on="2023-01-10", period=YEARS)

    assert (found["person"], found["manager"]) == ("bob", "ann")
    assert (found["is_agreed_by_person"], found["is_agreed_by_manager"]) == (True, False)
    assert (found["score_label"], found["score"], found["status"]) == ("2024-02", pytest.approx(0.9), "on_track")
    assert (found["period_start"], found["period_end"]) == (date(2023, 1, 1), date(2025, 1, 1))


@pytest.mark.parametrize(
    ("fields", "due"),
    [
        ({"agreed_on": "2023-01-10"}, date(2024, 1, 10)),
        ({"agreed_on": "2023-01-10", "period": YEARS}, date(2024, 1, 10)),
        ({"agreed_on": "2023-01-10", "reviewed": ["2023-12-20"], "period": YEARS}, date(2024, 12, 20)),
        # what was reviewed late in the year is looked back on when it ends
        ({"reviewed": ["2024-02-01"], "period": YEARS}, date(2025, 1, 1)),
        ({"reviewed": ["2023-12-20", "2024-12-31"], "period": YEARS}, None),
        ({"period": YEARS}, date(2024, 1, 1)),
        ({"agreed_on": "2024-02-29"}, date(2025, 2, 28)),
        ({}, None),
    ],
)
def test_review_is_due_every_year_and_at_the_end(fields: dict[str, Any], due: date | None) -> None:
    assert review_due(goal("g", framework="mbo", owner="bob", **fields)) == due


def test_overdue_is_what_the_day_says() -> None:
    on_time = {"agreed_on": "2023-03-15"}
    assert agreement(date(2024, 3, 15), **on_time)["is_overdue"] is False
    assert agreement(date(2024, 3, 16), **on_time)["is_overdue"] is True
    assert agreement(APRIL, **on_time)["is_overdue"] is True
    assert agreement(APRIL, agreed_on="2023-04-01")["is_overdue"] is False


def test_goal_without_kpis_goes_by_the_day_of_all_or_by_none() -> None:
    mbo = goal("g", framework="mbo", owner="bob", agreed_on="2023-03-15")
    one = judged([mbo, goal("other")], [(kpi(goal="other"), {1: 1.0})], people=PEOPLE)

    assert [agreements(one.project, one.scores, {}, day)[0]["is_overdue"] for day in (APRIL, None)] == [True, False]
