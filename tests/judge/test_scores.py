"""Goal scores, worked out by hand: weights, caps, what is missing, the tree, and longer periods."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from kpi_pipeline.goals import Goal
from kpi_pipeline.judge import goal_scores, inline_targets, judge
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.periods import Grain
from kpi_pipeline.plan import Series
from kpi_pipeline.project import Project, Settings
from tests.judge.samples import CALENDAR, Months, frame, kpi

JANUARY = date(2024, 1, 1)


@pytest.mark.parametrize(
    ("roll_up", "score", "status"),
    [
        # attainments 1.5 (capped at 1), 0.8, 0.5 with the weights 1, 2, 1
        ("weighted", (1 + 2 * 0.8 + 0.5) / 4, "at_risk"),
        ("average", (1 + 0.8 + 0.5) / 3, "at_risk"),
        ("worst", 0.5, "off_track"),
        ("share_on_track", 1 / 4, "off_track"),
    ],
)
def test_roll_up(roll_up: str, score: float, status: str) -> None:
    table = _scores([_goal("g", roll_up=roll_up)], {"a": (150, "g", 1), "b": (80, "g", 2), "c": (50, "g", 1)})
    row = _row(table, "g")
    assert (row["score"], row["weight_counted"]) == pytest.approx((score, 1.0))
    assert row["status"] == status
    assert (row["kpis_on_track"], row["kpis_at_risk"], row["kpis_off_track"], row["kpis_total"]) == (1, 0, 2, 3)


def test_cap_lets_one_kpi_make_up_for_another() -> None:
    kpis = {"a": (150, "g", 1), "b": (80, "g", 1)}
    assert _row(_scores([_goal("g", cap="120%")], kpis), "g")["score"] == pytest.approx((1.2 + 0.8) / 2)


def test_attainment_below_nothing_counts_as_nothing() -> None:
    kpis = {"a": (-500, "g", 1), "b": (100, "g", 1)}
    assert _row(_scores([_goal("g")], kpis), "g")["score"] == pytest.approx(0.5)


def test_what_is_missing_is_left_out_and_the_rest_weighs_all() -> None:
    table = _scores([_goal("g")], {"a": (100, "g", 1), "b": (None, "g", 3)})
    row = _row(table, "g")
    assert (row["score"], row["weight_counted"]) == (1.0, 0.25)
    assert (row["kpis_on_track"], row["kpis_no_data"]) == (1, 1)


def test_goal_with_nothing_to_judge_says_why() -> None:
    table = _scores([_goal("g")], {"a": (None, "g", 1)})
    assert (_row(table, "g")["score"], _row(table, "g")["status"]) == (None, "no_data")
    table = _scores([_goal("g")], {"a": (5, "g", 1)}, targets=False)
    assert (_row(table, "g")["score"], _row(table, "g")["status"]) == (None, "no_target")
    table = _scores([_goal("g")], {"a": (5, "g", 1)}, incomplete=(1,))
    assert (_row(table, "g")["score"], _row(table, "g")["status"]) == (None, "in_progress")


def test_goals_below_count_with_their_weight() -> None:
    goals = [_goal("top"), _goal("left", parent="top", weight=3), _goal("right", parent="top", roll_up="worst")]
    kpis = {"a": (100, "left", 1), "b": (50, "left", 1), "c": (20, "right", 1), "d": (100, "top", 1)}
    table = _scores(goals, kpis)
    assert _row(table, "left")["score"] == pytest.approx(0.75)
    assert _row(table, "top")["score"] == pytest.approx((3 * 0.75 + 1 * 0.2 + 1 * 1) / 5)
    assert _row(table, "top")["kpis_total"] == 4


def test_kpi_that_serves_two_goals_counts_in_both_and_once_above_them() -> None:
    goals = [_goal("top"), _goal("left", parent="top"), _goal("right", parent="top")]
    shared = kpi(name="a", goals=[{"goal": "left", "weight": 2}, {"goal": "right"}], values=_TARGET)
    table = _scored(goals, [shared], {"a": {1: 90.0}})
    assert [_row(table, name)["score"] for name in ("left", "right", "top")] == pytest.approx([0.9, 0.9, 0.9])
    assert _row(table, "top")["kpis_total"] == 1


def test_quarter_and_year_stand_as_their_last_period() -> None:
    table = _scored(
        [_goal("g")], [kpi(name="a", goal="g", values=_TARGET)], {"a": {1: 10.0, 2: 20.0, 3: 90.0, 4: 40.0}}
    )
    months = table.filter(pl.col("grain") == "month").select("period_label", "score").rows()
    assert [label for label, _ in months] == ["2024-01", "2024-02", "2024-03", "2024-04"]
    assert [score for _, score in months] == pytest.approx([0.1, 0.2, 0.9, 0.4])
    quarters = table.filter(pl.col("grain") == "quarter").select("period_label", "score", "status").rows()
    assert quarters == [("2024-Q1", 0.9, "on_track"), ("2024-Q2", None, "in_progress")]


def test_yearly_kpi_stands_until_the_next_year_is_over() -> None:
    yearly = kpi(
        name="a", goal="g", grain="year", target={"type": "at_least", "values": [{"from": "2023", "value": 100}]}
    )
    rows = frame({-11: 70.0, 1: 5.0}, incomplete=(1,))
    made = Project(Path(), Settings(name="shop"), kpis={"a": yearly}, goals={"g": _goal("g")})
    values = judge(made, {Series("sales", Grain.year): rows}, inline_targets(made), CALENDAR)
    table = goal_scores(made, values, CALENDAR).filter(pl.col("grain") == "month")
    assert table.filter(pl.col("period_start") < date(2023, 12, 1)).get_column("status").unique().to_list() == [
        "in_progress"
    ]
    stands = table.filter(pl.col("period_start").is_between(date(2023, 12, 1), date(2024, 11, 1)))
    assert stands.get_column("score").to_list() == pytest.approx([0.7] * 12)


def test_kpi_whose_data_has_ended_is_without_data_for_others() -> None:
    short, long = kpi(name="a", goal="g", values=_TARGET), kpi(name="b", metric="costs", goal="g", values=_TARGET)
    table = _scored([_goal("g")], [short, long], {"a": {1: 100.0}, "b": {1: 50.0, 2: 50.0}})
    second = table.filter((pl.col("grain") == "month") & (pl.col("period_label") == "2024-02")).row(0, named=True)
    assert (second["score"], second["weight_counted"], second["kpis_total"]) == (0.5, 0.5, 2)
    assert second["kpis_no_data"] == 1


def test_goal_is_scored_in_its_own_time_only() -> None:
    goal = _goal("g", period={"from": "2024-02", "to": "2024-03"})
    table = _scored([goal], [kpi(name="a", goal="g", values=_TARGET)], {"a": dict.fromkeys(range(1, 6), 100.0)})
    assert table.filter(pl.col("grain") == "month").get_column("period_label").to_list() == ["2024-02", "2024-03"]


def test_key_results_are_meant_to_be_hard() -> None:
    kpis = {"a": (72, "g", 1)}
    assert _row(_scores([_goal("g", framework="okr")], kpis), "g")["status"] == "on_track"
    assert _row(_scores([_goal("g")], kpis), "g")["status"] == "at_risk"
    own = {"on_track_from": "60%", "at_risk_from": "50%"}
    assert _row(_scores([_goal("g", status=own)], kpis), "g")["status"] == "on_track"


_TARGET = [{"from": "2024", "value": 100}]


def _goal(name: str, **fields: Any) -> Goal:
    return Goal.model_validate({"name": name, "statement": "s", **fields})


def _scores(
    goals: list[Goal],
    kpis: dict[str, tuple[float | None, str, float]],
    *,
    targets: bool = True,
    incomplete: tuple[int, ...] = (),
) -> pl.DataFrame:
    """The scores where each KPI has a value in January, a goal and a weight; the target is 100."""
    target = {"type": "at_least", "values": _TARGET} if targets else None
    nouns = [
        kpi(name=name, goals=[{"goal": goal, "weight": weight}], target=target)
        for name, (_, goal, weight) in kpis.items()
    ]
    return _scored(goals, nouns, {name: {1: value} for name, (value, *_) in kpis.items()}, incomplete=incomplete)


def _scored(
    goals: list[Goal], kpis: list[Kpi], months: dict[str, Months], *, incomplete: tuple[int, ...] = ()
) -> pl.DataFrame:
    own = {one.name: one.model_copy(update={"metric": f"of_{one.name}"}) for one in kpis}
    made = Project(Path(), Settings(name="shop"), kpis=own, goals={one.name: one for one in goals})
    results = {Series(f"of_{name}", Grain.month): frame(of, incomplete=incomplete) for name, of in months.items()}
    return goal_scores(made, judge(made, results, inline_targets(made), CALENDAR), CALENDAR)


def _row(table: pl.DataFrame, goal: str) -> dict[str, Any]:
    january = (pl.col("goal") == goal) & (pl.col("grain") == "month") & (pl.col("period_start") == JANUARY)
    return table.filter(january).row(0, named=True)
