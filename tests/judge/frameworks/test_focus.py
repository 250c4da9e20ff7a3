"""The one metric that matters: who looked at what when, and how it changed meanwhile."""

from __future__ import annotations

from datetime import date

import pytest

from kpi_pipeline.judge.frameworks import team_focus
from tests.judge.frameworks.samples import FIRST_QUARTER, TO_REACH_100, goal, judged
from tests.judge.samples import kpi

SECOND_QUARTER = {"from": "2024-04", "to": "2024-06"}


def test_history_of_focus() -> None:
    goals = [
        goal("later", framework="omtm", team="sales", period=SECOND_QUARTER),
        goal("first", framework="omtm", team="sales", period=FIRST_QUARTER),
        goal("other", framework="omtm", team="desk", period=FIRST_QUARTER),
    ]
    months = [
        (kpi(name="a", goal="first", target=TO_REACH_100), {0: 50.0, 1: 60.0, 2: 70.0, 3: 80.0, 4: 90.0}),
        (kpi(name="b", goal="later", target=TO_REACH_100), {3: 40.0, 4: 50.0, 5: 30.0}),
        (kpi(name="c", goal="other"), {2: 0.0, 3: 8.0, 4: 9.0}),
    ]
    one = judged(goals, months, incomplete=(5,))
    desk, first, later = team_focus(one.project, one.values, dict.fromkeys("abc", date(2024, 5, 1)))

    assert [(row["team"], row["goal"], row["kpi"], row["focus_number"]) for row in (desk, first, later)] == [
        ("desk", "other", "c", 1),
        ("sales", "first", "a", 1),
        ("sales", "later", "b", 2),
    ]
    assert (first["before_label"], first["before_value"]) == ("2023-12", 50.0)
    assert (first["latest_label"], first["latest_value"], first["change"]) == ("2024-03", 80.0, 30.0)
    assert (first["change_pct"], first["attainment"]) == pytest.approx((0.6, 0.8))
    assert (first["target"], first["status"], first["focus_end"]) == (100.0, "off_track", date(2024, 4, 1))
    assert (later["before_label"], later["latest_label"], later["change"]) == ("2024-03", "2024-04", 10.0)
    # without a period before it, the first one it has; from nothing there is no share
    assert (desk["before_label"], desk["change"], desk["change_pct"]) == ("2024-02", 8.0, None)
    assert [row["is_current"] for row in (desk, first, later)] == [False, False, True]


def test_current_is_what_the_day_says() -> None:
    focus = goal("g", framework="omtm", team="sales", period=FIRST_QUARTER)
    one = judged([focus], [(kpi(goal="g"), {1: 1.0})])
    days = (date(2023, 12, 31), date(2024, 1, 1), date(2024, 3, 31), date(2024, 4, 1))

    assert [team_focus(one.project, one.values, {"k": day})[0]["is_current"] for day in days] == [
        False,
        True,
        True,
        False,
    ]


def test_focus_without_values() -> None:
    focus = goal("g", framework="omtm", team="sales", period=SECOND_QUARTER)
    one = judged([focus, goal("h")], [(kpi(goal="g"), {8: None}), (kpi(name="x", goal="h"), {1: 1.0})])
    (row,) = team_focus(one.project, one.values, {})

    assert (row["latest_label"], row["latest_value"], row["change"], row["status"]) == (None, None, None, "no_data")
