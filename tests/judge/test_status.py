"""Attainment, variance and status of each kind of target, a row a case, worked out by hand."""

from __future__ import annotations

import polars as pl
import pytest

from kpi_pipeline.judge.status import attainment
from kpi_pipeline.kpis import Kpi
from tests.judge.samples import judged, kpi

NONE = None

BOUNDS = [
    # kind, value, target, attainment, variance, status
    ("at_least", 120.0, 100.0, 1.2, 20.0, "on_track"),
    ("at_least", 100.0, 100.0, 1.0, 0.0, "on_track"),
    ("at_least", 90.0, 100.0, 0.9, -10.0, "at_risk"),
    ("at_least", 89.9, 100.0, 0.899, -10.1, "off_track"),
    ("at_least", 0.0, 100.0, 0.0, -100.0, "off_track"),
    ("at_least", -50.0, 100.0, -0.5, -150.0, "off_track"),
    ("at_least", -5.0, -10.0, 1.5, 5.0, "on_track"),
    ("at_least", -10.5, -10.0, 0.95, -0.5, "at_risk"),
    ("at_least", -12.0, -10.0, 0.8, -2.0, "off_track"),
    ("at_least", 1.0, 0.0, 1.0, 1.0, "on_track"),
    ("at_least", 0.0, 0.0, 1.0, 0.0, "on_track"),
    ("at_least", -0.1, 0.0, 0.0, -0.1, "off_track"),
    ("at_least", NONE, 100.0, NONE, NONE, "no_data"),
    ("at_most", 80.0, 100.0, 1.2, -20.0, "on_track"),
    ("at_most", 100.0, 100.0, 1.0, 0.0, "on_track"),
    ("at_most", 110.0, 100.0, 0.9, 10.0, "at_risk"),
    ("at_most", 111.0, 100.0, 0.89, 11.0, "off_track"),
    ("at_most", 0.0, 100.0, 2.0, -100.0, "on_track"),
    ("at_most", 250.0, 100.0, -0.5, 150.0, "off_track"),
    ("at_most", 0.0, 0.0, 1.0, 0.0, "on_track"),
    ("at_most", 0.1, 0.0, 0.0, 0.1, "off_track"),
    ("at_most", -11.0, -10.0, 1.1, -1.0, "on_track"),
    ("at_most", -9.0, -10.0, 0.9, 1.0, "at_risk"),
    ("at_most", NONE, 100.0, NONE, NONE, "no_data"),
]


@pytest.mark.parametrize(("kind", "value", "target", "attainment", "variance", "status"), BOUNDS)
def test_a_bound(
    kind: str,
    value: float | None,
    target: float,
    attainment: float | None,
    variance: float | None,
    status: str,
) -> None:
    row = _row(_held(kind, values=[{"from": "2024", "value": target}]), value)
    assert (row["attainment"], row["variance"]) == pytest.approx((attainment, variance))
    assert row["status"] == status
    assert row["target"] == target
    assert (row["target_low"], row["target_high"]) == ((target, None) if kind == "at_least" else (None, target))


BANDS = [
    # low, high, value, attainment, variance, status
    (20.0, 22.0, 20.0, 1.0, 0.0, "on_track"),
    (20.0, 22.0, 21.3, 1.0, 0.0, "on_track"),
    (20.0, 22.0, 22.0, 1.0, 0.0, "on_track"),
    (20.0, 22.0, 19.8, 0.9, -0.2, "at_risk"),
    (20.0, 22.0, 22.3, 0.85, 0.3, "off_track"),
    (20.0, 22.0, 26.0, -1.0, 4.0, "off_track"),
    (-2.0, 2.0, 0.0, 1.0, 0.0, "on_track"),
    (-2.0, 2.0, -4.0, 0.5, -2.0, "off_track"),
    (5.0, 5.0, 5.0, 1.0, 0.0, "on_track"),
    (5.0, 5.0, 4.75, 0.95, -0.25, "at_risk"),
    (0.0, 0.0, 0.0, 1.0, 0.0, "on_track"),
    (0.0, 0.0, 0.5, 0.0, 0.5, "off_track"),
    (20.0, 22.0, NONE, NONE, NONE, "no_data"),
]


@pytest.mark.parametrize(("low", "high", "value", "attainment", "variance", "status"), BANDS)
def test_a_band(
    low: float, high: float, value: float | None, attainment: float | None, variance: float | None, status: str
) -> None:
    row = _row(_held("within", values=[{"from": "2024", "low": low, "high": high}]), value)
    assert (row["attainment"], row["variance"]) == pytest.approx((attainment, variance))
    assert row["status"] == status
    assert (row["target"], row["target_low"], row["target_high"]) == (None, low, high)


PATHS = [
    # from 100 at the end of January to 160 at the end of July (182 days); the end of April is 90 days on
    # kind, end, month, value, expected, attainment, status
    ("increase_to", 160.0, 4, 100 + 60 * 90 / 182, 100 + 60 * 90 / 182, 1.0, "on_track"),
    ("increase_to", 160.0, 4, 100.0, 100 + 60 * 90 / 182, 1 - 90 / 182, "off_track"),
    ("increase_to", 160.0, 4, 160.0, 100 + 60 * 90 / 182, 2 - 90 / 182, "on_track"),
    ("increase_to", 160.0, 4, 126.0, 100 + 60 * 90 / 182, 1 - 60 * 90 / 182 / 60 + 26 / 60, "at_risk"),
    ("increase_to", 160.0, 7, 160.0, 160.0, 1.0, "on_track"),
    ("increase_to", 160.0, 7, 130.0, 160.0, 0.5, "off_track"),
    ("increase_to", 160.0, 7, 90.0, 160.0, -1 / 6, "off_track"),
    ("increase_to", 160.0, 12, 160.0, 160.0, 1.0, "on_track"),
    ("decrease_to", 40.0, 7, 40.0, 40.0, 1.0, "on_track"),
    ("decrease_to", 40.0, 7, 70.0, 40.0, 0.5, "off_track"),
    ("decrease_to", 40.0, 7, 34.0, 40.0, 1.1, "on_track"),
    ("decrease_to", -20.0, 7, 0.0, -20.0, 1 - 20 / 120, "off_track"),
    ("decrease_to", 40.0, 4, 100 - 60 * 90 / 182, 100 - 60 * 90 / 182, 1.0, "on_track"),
]


@pytest.mark.parametrize(("kind", "end", "month", "value", "expected", "attainment", "status"), PATHS)
def test_a_way(
    kind: str, end: float, month: int, value: float, expected: float, attainment: float, status: str
) -> None:
    target = {"baseline": {"at": "2024-01", "value": 100}, "values": [{"by": "2024-07", "value": end}]}
    row = _row(_held(kind, **target), value, month=month)
    assert (row["target"], row["attainment"]) == pytest.approx((expected, attainment))
    assert row["status"] == status


def test_way_begins_after_its_baseline_goes_over_milestones_and_stays_at_the_last() -> None:
    target = {
        "baseline": {"at": "2024-01", "value": 10},
        "values": [{"by": "2024-02", "value": 20}, {"by": "2024-04", "value": 80}],
    }
    table = judged([_held("increase_to", **target)], dict.fromkeys(range(1, 7), 50.0))
    # March ends 31 of the 61 days after February
    assert table["target"].to_list() == pytest.approx([None, 20.0, 20 + 60 * 31 / 61, 80.0, 80.0, 80.0])
    assert table["status"].to_list() == ["no_target", "on_track", "at_risk", "off_track", "off_track", "off_track"]


def test_baseline_is_what_the_kpi_was_then() -> None:
    target = {"baseline": {"at": "2024-01"}, "values": [{"by": "2024-12", "value": 335}]}
    table = judged([_held("increase_to", **target)], {1: 0.0, 2: 29.0, 3: 60.0})
    assert table["target"].to_list() == pytest.approx([None, 29.0, 60.0])
    nothing = judged([_held("increase_to", **target)], {1: None, 2: 29.0})
    assert nothing["status"].to_list() == ["no_data", "no_target"]


def test_baseline_beyond_the_goal_asks_for_the_goal() -> None:
    target = {"baseline": {"at": "2024-01"}, "values": [{"by": "2024-12", "value": 50}]}
    table = judged([_held("decrease_to", **target)], {1: 40.0, 2: 45.0, 3: 55.0})
    assert table["target"].to_list() == [None, 50.0, 50.0]
    assert table["attainment"].to_list() == pytest.approx([None, 1 + 5 / 10, 1 - 5 / 10])


GROWTHS = [
    # direction, against, rate, earlier, value, target, attainment, status
    ("up", "year_ago", "10%", 100.0, 110.0, 110.0, 1.0, "on_track"),
    ("up", "year_ago", "10%", 100.0, 104.5, 110.0, 0.95, "at_risk"),
    ("up", "year_ago", 0.1, -100.0, -90.0, -90.0, 1.0, "on_track"),
    ("up", "year_ago", 0.1, -100.0, -99.0, -90.0, 0.9, "at_risk"),
    ("down", "year_ago", "-20%", 50.0, 40.0, 40.0, 1.0, "on_track"),
    ("down", "year_ago", "-20%", 50.0, 50.0, 40.0, 0.75, "off_track"),
    ("up", "previous_period", 0, 100.0, 99.0, 100.0, 0.99, "at_risk"),
    ("up", "year_ago", "10%", 0.0, 5.0, NONE, NONE, "no_target"),
    ("up", "year_ago", "10%", NONE, 5.0, NONE, NONE, "no_target"),
    ("up", "year_ago", "-100%", 100.0, 0.0, 0.0, 1.0, "on_track"),
]


@pytest.mark.parametrize(
    ("direction", "against", "rate", "earlier", "value", "target", "attainment", "status"), GROWTHS
)
def test_growth(
    direction: str,
    against: str,
    rate: object,
    earlier: float | None,
    value: float,
    target: float | None,
    attainment: float | None,
    status: str,
) -> None:
    growth = {"type": "growth", "against": against, "values": [{"from": "2024", "value": rate}]}
    before = -8 if against == "year_ago" else 3
    table = judged([kpi(target=growth, direction=direction)], {before: earlier, 4: value})
    row = table.row(-1, named=True)
    assert (row["target"], row["attainment"]) == pytest.approx((target, attainment))
    assert row["status"] == status


def test_target_ends_with_its_last_day() -> None:
    table = judged([kpi(values=[{"from": "2024", "value": 10}], until="2024-02")], {1: 20.0, 2: 5.0, 3: 5.0})
    assert table["target"].to_list() == [10.0, 10.0, None]
    assert table["status"].to_list() == ["on_track", "off_track", "no_target"]
    assert table["target_provenance"].to_list() == [None, None, None]


def test_plan_of_single_months_adds_up_until_the_year_is_over() -> None:
    target = {"type": "at_least", "accumulate": "quarter", "values": [{"from": "2024-02", "value": 10},
                                                                      {"from": "2024-05", "value": 20}]}  # fmt: skip
    table = judged([kpi(target=target)], dict.fromkeys(range(1, 8), 30.0))
    assert table["target"].to_list() == [None, 10.0, 20.0, 10.0, 30.0, 50.0, 20.0]


def test_period_in_progress_or_without_anything_to_compare() -> None:
    plain, aimed = kpi(name="plain"), kpi(name="aimed", values=[{"from": "2024-02", "value": 10}])
    table = judged([plain, aimed], {1: 5.0, 2: 20.0, 3: None}, incomplete=(2, 3))
    assert table.select("kpi", "status", "attainment").rows() == [
        ("aimed", "no_target", None),
        ("aimed", "in_progress", 2.0),
        ("aimed", "in_progress", None),
        ("plain", "no_target", None),
        ("plain", "in_progress", None),
        ("plain", "in_progress", None),
    ]


WORDS = [
    ("at_least", {"values": [{"from": "2024", "value": 100}]}, 100.0, "the target is reached"),
    ("at_least", {"values": [{"from": "2024", "value": 100}]}, 98.0, "within 2.5 % of the target"),
    ("at_least", {"values": [{"from": "2024", "value": 100}]}, 91.0, "more than 2.5 % from the target"),
    ("within", {"values": [{"from": "2024", "low": 0, "high": 100}]}, 50.0, "inside the band"),
    ("within", {"values": [{"from": "2024", "low": 0, "high": 100}]}, 102.0, "within 2.5 % of the band's width"),
    (
        "within",
        {"values": [{"from": "2024", "low": 0, "high": 100}]},
        103.0,
        "more than 2.5 % of the band's width outside",
    ),
    (
        "increase_to",
        {"baseline": {"at": "2023-12", "value": 0}, "values": [{"by": "2024-01", "value": 100}]},
        100.0,
        "on the expected path or ahead of it",
    ),
    (
        "increase_to",
        {"baseline": {"at": "2023-12", "value": 0}, "values": [{"by": "2024-01", "value": 100}]},
        90.0,
        "more than 2.5 % of the way behind the expected path",
    ),
]


@pytest.mark.parametrize(("kind", "target", "value", "words"), WORDS)
def test_status_says_its_rule(kind: str, target: dict[str, object], value: float, words: str) -> None:
    held = kpi(target={"type": kind, **target}, direction="hold", status={"at_risk_within": "2.5%"})
    assert _row(held, value)["status_rule"] == words


def test_rules_come_before_the_bands_in_their_order() -> None:
    rules = [
        {"when": "value < 0", "is": "off_track"},
        {"when": "attainment >= 0.8 and change_pct > 0", "is": "on_track"},
        {"when": "period_start >= '2024-03' and target is null", "is": "at_risk"},
    ]
    held = kpi(values=[{"from": "2024", "value": 100}], status=rules)
    table = judged([held], {1: -1.0, 2: 85.0, 3: 84.0, 4: 95.0})
    assert table["status"].to_list() == ["off_track", "on_track", "off_track", "on_track"]
    assert table["status_rule"].to_list()[:2] == ["the rule: value < 0", f"the rule: {rules[1]['when']}"]
    assert table["status_rule"].to_list()[2] == "more than 10 % from the target"
    alone = judged([kpi(status=rules)], {1: 5.0, 3: 5.0, 4: None})
    assert alone["status"].to_list() == ["no_target", "at_risk", "no_data"]


def test_status_settles_when_another_has_lasted() -> None:
    held = kpi(values=[{"from": "2024", "value": 100}], status={"settles_after": 2})
    values: dict[int, float | None] = {1: 100, 2: 95, 3: 100, 4: 95, 5: None, 6: 95, 7: 50, 8: 95, 9: 50, 10: 50}
    table = judged([held], values)
    assert table["status"].to_list() == [
        "on_track", "on_track", "on_track", "on_track", "no_data", "at_risk", "at_risk", "at_risk", "at_risk",
        "off_track",
    ]  # fmt: skip
    assert table["status_rule"].to_list()[3] == (
        "on_track until at_risk has lasted 2 periods (1 so far: within 10 % of the target)"
    )


def test_each_segment_settles_by_itself() -> None:
    one = kpi(values=[{"from": "2024", "value": 100}], status={"settles_after": 2})
    other = kpi(name="other", values=[{"from": "2024", "value": 95}], status={"settles_after": 2})
    table = judged([one, other], {1: 95.0, 2: 100.0})
    assert dict(table.select("kpi", pl.col("status").last().over("kpi")).rows()) == {
        "k": "at_risk",
        "other": "on_track",
    }


def _held(kind: str, **target: object) -> Kpi:
    return kpi(target={"type": kind, **target}, direction="hold")


def _row(one: Kpi, value: float | None, month: int = 1) -> dict[str, object]:
    return judged([one], {month: value}).row(0, named=True)


def test_attainment_ends_the_same_whichever_kpis_are_judged_together() -> None:
    """Alone, a KPI's target is one number for all rows; beside others it is a column of numbers."""
    frame = pl.DataFrame({"value": [2.25, 3.75, None], "target_high": pl.Series([None] * 3, dtype=pl.Float64)})
    names = ("target_low", "target", "target_scale")
    alone = frame.lazy().with_columns(pl.lit(7.0).alias(name) for name in names)
    together = frame.with_columns(pl.Series(name, [7.0] * 3) for name in names)
    assert alone.select(attainment()).collect().equals(together.select(attainment()))
