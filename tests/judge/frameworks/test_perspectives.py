"""The balanced scorecard by perspective, with scores worked out by hand."""

from __future__ import annotations

import pytest

from kpi_pipeline.judge.frameworks import balanced_scorecard, perspective_scores
from kpi_pipeline.publish.scorecard.standing import standing_of
from tests.judge.frameworks.samples import TO_REACH_100, goal, judged
from tests.judge.samples import kpi


def test_sides_from_the_bottom_with_their_scores() -> None:
    card = "balanced_scorecard"
    goals = [
        goal("top"),
        goal("money", framework=card, perspective="financial", weight=3, parent="top"),
        goal("costs", framework=card, perspective="financial", parent="top"),
        goal("people", framework=card, perspective="learning_growth"),
        goal("empty", framework=card, perspective="customer"),
        goal("elsewhere", framework="okr", perspective="customer"),
    ]
    shared = kpi(name="a", goals=[{"goal": "money"}, {"goal": "costs", "weight": 3}], target=TO_REACH_100)
    months = [
        (shared, {1: 90.0, 2: 60.0}),
        (kpi(name="b", goal="costs", target=TO_REACH_100), {1: 100.0, 2: 100.0}),
        (kpi(name="c", goal="people", target=TO_REACH_100), {1: 95.0, 2: None}),
        (kpi(name="d", goal="elsewhere", target=TO_REACH_100), {1: 10.0, 2: 10.0}),
    ]
    one = judged(goals, months)
    rows = balanced_scorecard(one.project, one.values, one.scores)

    assert [(row["perspective"], row["goal"], row.get("kpi")) for row in rows] == [
        ("financial", "money", "a"),
        ("financial", "costs", "a"),
        ("financial", "costs", "b"),
        ("learning_growth", "people", "c"),
        ("customer", "empty", None),
    ]
    money, _, _, people, _ = rows
    assert (money["period_label"], money["value"], money["status"], money["goal_score"]) == (
        "2024-02", 60.0, "off_track", pytest.approx(0.6),
    )  # fmt: skip
    assert (people["status"], people["goal_score_label"], people["goal_score"]) == ("no_data", "2024-01", 0.95)

    learning, process, customer, financial = perspective_scores(one.project, rows)
    costs = (3 * 0.6 + 1 * 1.0) / 4
    assert financial["score"] == pytest.approx((3 * 0.6 + 1 * costs) / 4)
    assert (financial["goals"], financial["kpis"], financial["status"]) == (2, 2, "off_track")
    assert (financial["kpis_on_track"], financial["kpis_off_track"]) == (1, 1)
    assert (learning["side_number"], learning["score"], learning["status"]) == (1, 0.95, "on_track")
    assert (process["goals"], process["score"], process["status"]) == (0, None, "no_data")
    assert (customer["goals"], customer["kpis"], customer["score"]) == (1, 0, None)


def test_project_without_a_scorecard_has_no_sides() -> None:
    one = judged([goal("g", framework="okr")], [(kpi(goal="g", target=TO_REACH_100), {1: 1.0})])

    assert balanced_scorecard(one.project, one.values, one.scores) == []
    assert perspective_scores(one.project, []) == []


def test_a_score_of_the_smaller_part_is_not_how_the_goal_stands() -> None:
    """In February only a quarter of the weight has a value; January speaks for the goal, here and on its page."""
    goals = [goal("g", framework="balanced_scorecard", perspective="customer")]
    heavy = kpi(name="heavy", goals=[{"goal": "g", "weight": 3}], target=TO_REACH_100)
    months = [(heavy, {1: 80.0, 2: None}), (kpi(name="light", goal="g", target=TO_REACH_100), {1: 100.0, 2: 10.0})]
    one = judged(goals, months)
    row = balanced_scorecard(one.project, one.values, one.scores)[0]

    assert (row["goal_score_label"], row["goal_score"]) == ("2024-01", pytest.approx(0.85))
    page = standing_of(one.scores.sort("period_start").to_dicts())
    assert (page.period, page.score and page.score.text) == ("January 2024", "85\xa0%")
