"""Grades of key results, worked out by hand: ways, attainments, what is missing, and what was frozen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from kpi_pipeline.goals import FrozenGrade
from kpi_pipeline.judge.frameworks import graded, objectives, with_frozen
from kpi_pipeline.kpis import Kpi
from tests.judge.frameworks.samples import FIRST_QUARTER, TO_REACH_100, Judged, goal, judged
from tests.judge.samples import Months, kpi

APRIL = datetime(2024, 4, 2, 7, tzinfo=UTC)
OKR = goal("g", framework="okr", ambition=7, period=FIRST_QUARTER, team="sales", owner="ann")


def up(*milestones: tuple[str, float], baseline: float | None = 40, at: str = "2023-12") -> dict[str, Any]:
    start = {"at": at} if baseline is None else {"at": at, "value": baseline}
    return {"type": "increase_to", "baseline": start, "values": [{"by": by, "value": to} for by, to in milestones]}


def rows(one: Judged) -> list[dict[str, Any]]:
    return graded(one.project, one.values, one.given)


def row(target: dict[str, Any] | None, months: Months, **options: Any) -> dict[str, Any]:
    (found,) = rows(judged([OKR], [(kpi(goal="g", target=target), months)], **options))
    return found


@pytest.mark.parametrize(
    ("target", "value", "baseline", "aim", "grade"),
    [
        (up(("2024-03", 100)), 85.0, 40, 100, (85 - 40) / (100 - 40)),
        (up(("2024-03", 100)), 130.0, 40, 100, 1.0),
        (up(("2024-03", 100)), 30.0, 40, 100, 0.0),
        # the way goes on until June: on 31 March, after 91 of 182 days, half of it is expected
        (up(("2024-06-30", 100)), 55.0, 40, 70, (55 - 40) / (70 - 40)),
        # a milestone within the quarter: what counts is the last one
        (up(("2024-01", 90), ("2024-03", 100)), 70.0, 40, 100, 0.5),
        # what is set to fall
        ({**up(("2024-03", 10)), "type": "decrease_to"}, 25.0, 40, 10, 0.5),
        # other targets: their attainment
        (TO_REACH_100, 85.0, None, 100, 0.85),
        (TO_REACH_100, 120.0, None, 100, 1.0),
        ({"type": "at_most", "values": [{"from": "2023", "value": 50}]}, 60.0, None, 50, 0.8),
        ({"type": "within", "values": [{"from": "2023", "low": 20, "high": 22}]}, 23.0, None, None, 0.5),
    ],
)
def test_grade(target: dict[str, Any], value: float, baseline: float | None, aim: float | None, grade: float) -> None:
    found = row(target, {1: 1.0, 2: 2.0, 3: value})

    assert (found["value"], found["baseline"], found["target"]) == (value, baseline, aim)
    assert found["grade"] == found["grade_now"] == pytest.approx(grade)
    assert found["graded_by"] == ("attainment" if baseline is None else "way")
    assert (found["period_label"], found["objective_end"]) == ("2024-03", date(2024, 4, 1))


def test_measured_baseline() -> None:
    path = up(("2024-03", 100), baseline=None)

    assert row(path, {0: 60.0, 1: 70.0, 2: 70.0, 3: 90.0})["grade"] == pytest.approx((90 - 60) / (100 - 60))
    unmeasured = row(path, {1: 70.0, 2: 70.0, 3: 90.0})
    assert (unmeasured["grade"], unmeasured["graded_by"]) == (None, "none")


@pytest.mark.parametrize(("goal_value", "value", "grade"), [(40, 40.0, 1.0), (40, 39.0, 0.0), (30, 35.0, 1.0)])
def test_baseline_measured_as_good_as_the_goal(goal_value: float, value: float, grade: float) -> None:
    path = up(("2024-03", goal_value), baseline=None)

    assert row(path, {0: 40.0, 3: value})["grade"] == grade


def test_measured_baseline_beyond_the_goal_asks_for_the_goal_as_the_kpi_does() -> None:
    one = judged([OKR], [(kpi(goal="g", target=up(("2024-06-30", 30), baseline=None)), {0: 40.0, 3: 32.0})])
    (found,) = rows(one)

    assert found["target"] == one.values.filter(pl.col("period_label") == "2024-03")["target"].item() == 30
    assert found["grade"] == 1.0


def test_without_value_or_target_there_is_no_grade() -> None:
    assert (row(None, {3: 90.0})["grade"], row(None, {3: 90.0})["graded_by"]) == (None, "none")
    assert row(TO_REACH_100, {3: None})["grade"] is None
    assert row(up(("2024-03", 100)), {3: None})["grade"] is None
    nothing = row(TO_REACH_100, {6: 90.0})
    assert (nothing["period_label"], nothing["value"], nothing["grade"]) == (None, None, None)


def test_graded_is_the_last_complete_period_within_the_objective() -> None:
    found = row(TO_REACH_100, {-1: 10.0, 1: 20.0, 2: 30.0, 3: 40.0, 4: 90.0}, incomplete=(3, 4))
    assert (found["period_label"], found["grade"], found["is_over"]) == ("2024-02", pytest.approx(0.3), False)
    found = row(TO_REACH_100, {1: 20.0, 2: 30.0, 3: 40.0, 4: 90.0})
    assert (found["period_label"], found["grade"], found["is_over"]) == ("2024-03", pytest.approx(0.4), True)


def test_objective_is_the_mean_of_its_grades_by_weight() -> None:
    def result(name: str, weight: float) -> Kpi:
        return kpi(name=name, goals=[{"goal": "g", "weight": weight}], target=TO_REACH_100)

    one = judged([OKR], [(result("a", 1), {3: 80.0}), (result("b", 2), {3: 50.0}), (result("c", 1), {3: None})])
    results, _ = with_frozen(rows(one), (), one.project, APRIL)
    (found,) = objectives(one.project, results)

    assert found["grade"] == pytest.approx((1 * 0.8 + 2 * 0.5) / 3)
    assert (found["key_results"], found["key_results_graded"], found["ambition"]) == (3, 2, 7)
    assert found["frozen_at"] is None, "one key result has no grade yet"


def test_objective_without_key_results() -> None:
    one = judged([OKR, goal("other")], [(kpi(goal="other", target=TO_REACH_100), {3: 80.0})])

    assert rows(one) == []
    (found,) = objectives(one.project, [])
    assert (found["goal"], found["key_results"], found["grade"], found["frozen_at"]) == ("g", 0, None, None)


def test_grade_is_frozen_when_the_time_is_over_and_stays() -> None:
    result = kpi(goal="g", target=up(("2024-03", 100)))
    in_march = judged([OKR], [(result, {1: 50.0, 2: 55.0, 3: 90.0})], incomplete=(3,))
    shown, fresh = with_frozen(rows(in_march), (), in_march.project, APRIL)
    assert (fresh, shown[0]["frozen_at"], shown[0]["grade"]) == ([], None, pytest.approx(0.25))

    in_april = judged([OKR], [(result, {1: 50.0, 2: 55.0, 3: 70.0})])
    shown, fresh = with_frozen(rows(in_april), (), in_april.project, APRIL)
    assert fresh == [FrozenGrade("g", "k", date(2024, 3, 31), "2024-03", 70.0, 40.0, 100.0, 0.5, APRIL)]
    assert shown[0]["frozen_at"] == objectives(in_april.project, shown)[0]["frozen_at"] == APRIL

    corrected = judged([OKR], [(result, {1: 50.0, 2: 55.0, 3: 85.0})])
    shown, again = with_frozen(rows(corrected), fresh, corrected.project, datetime(2024, 5, 2, tzinfo=UTC))
    assert again == []
    assert (shown[0]["value"], shown[0]["grade"], shown[0]["frozen_at"]) == (70.0, 0.5, APRIL)
    assert (shown[0]["value_now"], shown[0]["grade_now"]) == (85.0, pytest.approx(0.75))
    (objective,) = objectives(corrected.project, shown)
    assert (objective["grade"], objective["grade_now"]) == (0.5, pytest.approx(0.75))


def test_frozen_grade_survives_a_rename_but_not_another_end() -> None:
    known = FrozenGrade("g", "old", date(2024, 3, 31), "2024-03", 70.0, None, 100.0, 0.7, APRIL)
    renamed = judged([OKR], [(kpi(goal="g", formerly=["old"], target=TO_REACH_100), {3: 20.0})])
    assert with_frozen(rows(renamed), [known], renamed.project, APRIL)[0][0]["grade"] == 0.7

    longer = OKR.model_copy(update={"period": OKR.period and replace_end(OKR.period)})
    moved = judged([longer], [(kpi(goal="g", formerly=["old"], target=TO_REACH_100), {3: 20.0})])
    assert with_frozen(rows(moved), [known], moved.project, APRIL)[0][0]["grade"] == pytest.approx(0.2)
    assert with_frozen(rows(renamed), [replace(known, goal="h")], renamed.project, APRIL)[1] != []


def replace_end(span: Any) -> Any:
    return span.model_copy(update={"to": date(2024, 4, 30)})
