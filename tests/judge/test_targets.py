"""Which target is in force: dated values carried forward, for a segment, from a table."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from kpi_pipeline.errors import DataError
from kpi_pipeline.judge import inline_targets, judge, table_targets
from kpi_pipeline.periods import Grain
from kpi_pipeline.plan import Series
from tests.judge.samples import CALENDAR, frame, judged, kpi, project


def test_latest_value_that_begins_on_or_before_the_period_is_carried_forward() -> None:
    one_kpi = kpi(values=[{"from": "2024-02", "value": 10}, {"from": "2024-03-15", "value": 20}])
    table = judged([one_kpi], months={1: 5.0, 2: 15.0, 3: 15.0, 4: 15.0, 5: None})
    assert table.select("target", "status").rows() == [
        (None, "no_target"),
        (10.0, "on_track"),
        (10.0, "on_track"),
        (20.0, "off_track"),
        (20.0, "no_data"),
    ]


def test_provenance_stands_only_where_there_is_a_target() -> None:
    one_kpi = kpi(values=[{"from": "2024-02", "value": 10}], provenance="board, 2023-12")
    assert judged([one_kpi], months={1: 5.0, 2: 5.0})["target_provenance"].to_list() == [None, "board, 2023-12"]


def test_segment_has_a_target_of_its_own_and_never_that_of_the_total() -> None:
    one_kpi = kpi(
        breakdowns=[[], ["country"]],
        values=[{"from": "2024", "value": 100}, {"from": "2024", "value": 7, "segment": "country=FR"}],
    )
    total = {Series("sales", Grain.month): frame({1: 50.0})}
    country = {
        Series("sales", Grain.month, ("country",)): frame({1: 8.0}, country="FR").vstack(frame({1: 9.0}, country=None))
    }
    table = judge(project([one_kpi]), total | country, inline_targets(project([one_kpi])), CALENDAR)
    assert table.select("breakdown", "segment", "target", "status").rows() == [
        ("all", "all", 100.0, "off_track"),
        ("country", "country=(none)", None, "no_target"),
        ("country", "country=FR", 7.0, "on_track"),
    ]


def test_breakdown_written_twice_is_published_once() -> None:
    one_kpi = kpi(
        breakdowns=[[], ["country", "channel"], ["channel", "country"]], values=[{"from": "2024", "value": 1}]
    )
    rows = frame({1: 8.0}, country="FR").with_columns(channel=pl.lit("web"))
    results = {
        Series("sales", Grain.month): frame({1: 50.0}),
        Series("sales", Grain.month, ("channel", "country")): rows,
    }
    table = judge(project([one_kpi]), results, inline_targets(project([one_kpi])), CALENDAR)
    assert table["segment"].to_list() == ["all", "channel=web|country=FR"]


def test_table_serves_only_the_kpis_that_name_it() -> None:
    taker = kpi(name="taker", table="plans", provenance="plan")
    other = kpi(name="other", values=[{"from": "2024", "value": 3}])
    made = project([taker, other])
    rows = pl.DataFrame(
        {
            "kpi": ["taker", "taker", "taker", "other"],
            "period_start": ["2024-01-01", "2024-02-01", "2024-02-01", "2024-01-01"],
            "segment": ["", "all", "country=FR", ""],
            "value": [1, 2, 9, 99],
            "provenance": [None, "revised", None, None],
        }
    )
    targets = pl.concat([inline_targets(made), table_targets(made, "plans", rows)])
    results = {Series("sales", Grain.month): frame({1: 5.0, 2: 5.0, 3: 5.0})}
    table = judge(made, results, targets, CALENDAR)
    assert table.filter(pl.col("kpi") == "taker").select("target", "target_provenance").rows() == [
        (1.0, "plan"),
        (2.0, "revised"),
        (2.0, "revised"),
    ]
    assert set(table.filter(pl.col("kpi") == "other")["target"]) == {3.0}


def test_later_line_of_a_table_for_the_same_day_wins() -> None:
    made = project([kpi(table="plans")])
    rows = pl.DataFrame({"kpi": ["k", "k"], "period_start": [date(2024, 1, 1)] * 2, "value": [1.0, 2.0]})
    results = {Series("sales", Grain.month): frame({1: 5.0})}
    assert judge(made, results, table_targets(made, "plans", rows), CALENDAR)["target"].to_list() == [2.0]


def test_milestones_of_a_table_up_to_the_baseline_are_of_another_way() -> None:
    way = {"type": "increase_to", "table": "plans", "baseline": {"at": "2024-02", "value": 40}}
    made = project([kpi(target=way)])
    months = ["2023-11", "2024-02", "2024-04"]
    plans = pl.DataFrame({"kpi": ["k"] * 3, "period_start": months, "value": [10.0, 70.0, 80.0]})
    results = {Series("sales", Grain.month): frame({1: 20.0, 2: 40.0, 3: 50.0, 4: 50.0})}
    table = judge(made, results, table_targets(made, "plans", plans), CALENDAR)
    assert table["target"].to_list() == [None, None, pytest.approx(40 + 40 * 31 / 61), 80]
    assert table["attainment"].to_list() == [None, None, pytest.approx(1 + (50 - 40 - 40 * 31 / 61) / 40), 0.25]


def test_table_without_the_columns_says_which() -> None:
    with pytest.raises(DataError, match="no column kpi, value"):
        table_targets(project([kpi(table="plans")]), "plans", pl.DataFrame({"period_start": [], "goal": []}))


def test_annotations_stand_in_the_period_their_day_is_in() -> None:
    said = [
        {"period": "2024-02-10", "text": "snow"},
        {"period": "2024-02", "text": "strike"},
        {"period": "1990", "text": "old"},
    ]
    one_kpi = kpi(values=[{"from": "2024", "value": 1}], annotations=said)
    assert judged([one_kpi], months={1: 5.0, 2: 5.0})["annotation"].to_list() == [None, "snow; strike"]


def test_changes_against_the_period_before_and_last_year() -> None:
    one_kpi = kpi(values=[{"from": "2024", "value": 1}])
    rows = frame({1: 5.0, 2: 5.0, 3: None}).with_columns(
        previous_value=pl.Series([-10.0, 0.0, 1.0]), year_ago_value=pl.Series([4.0, None, 2.0])
    )
    made = project([one_kpi])
    table = judge(made, {Series("sales", Grain.month): rows}, inline_targets(made), CALENDAR)
    assert table.select("change", "change_pct", "year_over_year_pct").rows() == [
        (15.0, 1.5, 0.25),
        (5.0, None, None),
        (None, None, None),
    ]


def test_kpis_whose_values_are_not_there_are_left_out() -> None:
    one = kpi(name="one", values=[{"from": "2024", "value": 1}])
    two = kpi(name="two", metric="costs", values=[{"from": "2024", "value": 1}])
    assert set(judged([one, two], months={1: 5.0})["kpi"]) == {"one"}


@pytest.mark.parametrize("named", ["2024-02", "2024-02-01", "2024-W05", date(2024, 2, 1)])
def test_table_names_periods_as_definitions_do(named: object) -> None:
    made = project([kpi(table="plans")])
    rows = pl.DataFrame({"kpi": ["k", "k"], "period_start": [named, None], "value": [7, 8]})
    days = table_targets(made, "plans", rows)["day"].to_list()
    assert days == [date(2024, 1, 29) if named == "2024-W05" else date(2024, 2, 1), None]


def test_year_of_a_table_is_no_number_of_days() -> None:
    rows = pl.DataFrame({"kpi": ["k"], "period_start": [2024], "value": [7]})
    assert table_targets(project([kpi(table="plans")]), "plans", rows)["day"].to_list() == [date(2024, 1, 1)]


@pytest.mark.parametrize(
    ("period", "value", "said"),
    [
        ("spring", 7, "'plans' gives targets, but not for periods: 'spring' is not a date"),
        ("2024", "ten", "as numbers"),
    ],
)
def test_table_that_cannot_be_read_is_the_datas_fault(period: str, value: object, said: str) -> None:
    rows = pl.DataFrame({"kpi": ["k"], "period_start": [period], "value": [value]})
    with pytest.raises(DataError, match=said):
        table_targets(project([kpi(table="plans")]), "plans", rows)
