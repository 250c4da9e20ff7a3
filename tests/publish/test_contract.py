"""The contract itself, and what happens to a frame that breaks it."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
import pytest

from kpi_pipeline.errors import InternalError
from kpi_pipeline.publish.contract import TABLES, table_named
from kpi_pipeline.publish.table import Column, ColumnType, Table, conform, empty_frame

PERIOD = "grain, period_start, period_end, last_day, period_label, period_start_utc"
VALUE = "value, numerator, denominator, sample_size"
TARGET = "target, target_low, target_high, target_provenance, attainment, variance, status, status_rule"
CLAIM = "kpi, leads_kpi, grain, expected_lag, expected_sign, breakdown, segment"
MEASURED = (
    "measured_lag, measured_sign, correlation, p_value, p_adjusted, granger_p, reverse_p, skill, skill_low, skill_high,"
    " skill_p, periods"
)

PROMISED = {
    "snapshot": "run_id, published_at, schema_version, definition_version, data_through",
    "kpi": "kpi, label, description, metric, formula, unit, display_format, currency, direction, grain, goal, team, owner,"
    " indicator, framework, perspective, parent_kpi, target_type, review_every, last_reviewed, review_due, as_of,"
    " frozen_through, definition_version, defined_in",
    "goal": "goal, label, statement, framework, perspective, parent_goal, team, owner, period_start, period_end, weight,"
    " ambition",
    "kpi_goal": "kpi, goal, weight",
    "team": "team, label, parent_team, manager",
    "person": "person, label, team, manager",
    "review": "kpi, reviewed_at, reviewer, decision, actions, status_then, value_then, defined_in",
    "metric": "metric, label, description, metric_type, formula, unit, is_approximate, owner, definition_version",
    "calendar": "day, iso_year, iso_week, is_holiday, holiday, week_start, month_start, quarter_start, year_start",
    "calendar_period": f"calendar_name, {PERIOD}, period_number, year_number, previous_start, year_ago_start",
    "segment": "segment, breakdown, dimension, dimension_value, label",
    "kpi_value": f"kpi, {PERIOD}, breakdown, segment, {VALUE}, {TARGET}, previous_value, change, change_pct,"
    " year_ago_value, year_over_year_pct, is_complete, projected_value, projected_low, projected_high, projected_status,"
    " annotation",
    "kpi_projection": f"kpi, {PERIOD}, breakdown, segment, projected_value, projected_low, projected_high, reason, method,"
    " reference_method, elapsed_share, periods_ahead, origins, error_scale, error, reference_error, naive_error,"
    " seasonal_naive_error, share_in_error, share_in_season_error, usual_rest_error, seasonal_rest_error, blend_error,"
    " leader_error, intervals_tried, intervals_held",
    "kpi_driver": f"kpi, {PERIOD}, against, against_label, breakdown, segment, effect, input, contribution,"
    " share_of_change, from_value, to_value",
    "metric_value": f"metric, {PERIOD}, breakdown, segment, {VALUE}, is_complete",
    "goal_score": f"goal, {PERIOD}, score, status, weight_counted, kpis_on_track, kpis_at_risk, kpis_off_track,"
    " kpis_in_progress, kpis_no_target, kpis_no_data, kpis_total, roll_up",
    "okr_objective": "goal, team, owner, ambition, objective_start, objective_end, key_results, key_results_graded, grade,"
    " frozen_at, grade_now, tied_to_pay",
    "okr_key_result": "goal, kpi, weight, objective_start, objective_end, grain, period_label, baseline, target, value,"
    " grade, graded_by, frozen_at, value_now, grade_now",
    "mbo_agreement": "goal, person, manager, agreed_on, is_agreed_by_person, is_agreed_by_manager, period_start,"
    " period_end, last_reviewed, review_due, is_overdue, score_label, score, status",
    "team_focus": "team, goal, kpi, focus_number, focus_start, focus_end, is_current, before_label, before_value,"
    " latest_label, latest_value, change, change_pct, target, attainment, status",
    "balanced_scorecard": "perspective, goal, kpi, weight, period_start, period_label, value, target, attainment, status,"
    " goal_score_label, goal_score, goal_status",
    "perspective_score": "perspective, label, side_number, goals, kpis, kpis_on_track, kpis_at_risk, kpis_off_track,"
    " score, status",
    "strategy_node": "kpi, label, goal, perspective, level_number, place_in_level, places_in_level, period_label,"
    " attainment, status",
    "strategy_link": "kpi, leads_kpi, lag_text, expected_sign, team, because, verdict, goes",
    "kpi_indicator": "kpi, viewpoint, indicator, outcome_kpi, path, reason",
    "kpi_evidence": f"{CLAIM}, control, team, both_made_of, verdict, reason_code, reason, remarks, {MEASURED}, first_period,"
    " last_period, longest_lag, band, search_band, stands_out, reverse_lag, reverse_correlation, reverse_lag_p,"
    " forecasts, seasonality_removed, season_terms, season, trend_removed, leader_logged, follower_logged,"
    " differenced, differences, prewhitening_order, granger_order, clipped, stability, tested_at,"
    " input_hash",
    "kpi_evidence_lag": f"{CLAIM}, at_lag, correlation, band, search_band",
    "kpi_evidence_window": f"{CLAIM}, first_period, last_period, correlation, p_value, holds",
    "kpi_evidence_history": f"{CLAIM}, both_made_of, verdict, reason_code, remarks, {MEASURED}, stands_out, stability,"
    " recorded_at, superseded_at, input_hash",
    "kpi_value_history": f"kpi, {PERIOD}, breakdown, segment, {VALUE}, {TARGET}, is_complete, published_as,"
    " recorded_at, superseded_at, reason",
    "kpi_refused": f"kpi, {PERIOD}, breakdown, segment, value, data_value, difference, difference_pct, target, data_target,"
    " status, data_status, reason, noticed_at",
    "check_result": "asset, check_name, severity, passed, observed, expected, failing_rows, checked_at",
    "lint_result": "rule, level, subject, message, hint, defined_in",
    "lineage": "downstream, upstream, kind, column_name",
    "source_status": "source, connector, row_count, rows_quarantined, newest_day, complete_before, loaded_at, defined_in",
    "run": "run_id, started_at, finished_at, status, definition_version, rows_read, rows_quarantined, values_computed,"
    " values_restated, published_at",
    "run_stage": "run_id, stage, seconds, peak_mb, rows_out",
}


def test_tables_and_columns_are_those_promised() -> None:
    assert {table.name: ", ".join(table.schema.names()) for table in TABLES} == PROMISED


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_table_explains_itself(table: Table) -> None:
    assert table.comment
    assert all(column.comment and not column.comment.endswith(".") for column in table.columns)
    assert set(table.key) <= set(table.schema.names())


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_an_empty_frame_conforms(table: Table) -> None:
    assert conform(table, empty_frame(table)).schema == table.schema


SALES = Table(
    "sales",
    "What was sold",
    (
        Column("shop", ColumnType.text, "Where"),
        Column("day", ColumnType.day, "When"),
        Column("amount", ColumnType.number, "How much", nullable=True),
        Column("loaded", ColumnType.moment, "Since when it is known", nullable=True),
    ),
    key=("shop", "day"),
)


def sales(**columns: object) -> pl.DataFrame:
    day = date(2010, 1, 1)
    return pl.DataFrame({"shop": ["a", "b"], "day": [day, day], "amount": [1, 2], "loaded": [None, None], **columns})


def test_conform_orders_and_casts() -> None:
    frame = conform(
        SALES, sales(amount=pl.Series([1, 2]).cast(pl.Decimal(10, 2))).select("loaded", "amount", "day", "shop")
    )

    assert frame.schema == SALES.schema
    assert frame.rows()[0] == ("a", date(2010, 1, 1), 1.0, None)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (sales().drop("amount"), "'sales'.* lacks the columns 'amount'"),
        (sales(colour=["red", "blue"]), "columns the contract does not know: 'colour'"),
        (sales(shop=[None, "b"]), "1 row without 'shop': shop=None, day=2010-01-01"),
        (sales(shop=["a", "a"]), r"2 rows that share their key \(shop, day\): shop=a, day=2010-01-01"),
        (sales(amount=[1.0, float("nan")]), "1 row with NaN or infinity in 'amount': shop=b"),
        (sales(amount=[float("-inf"), 1.0]), "1 row with NaN or infinity in 'amount': shop=a"),
        (sales(amount=["1", "2"]), "'amount' is String, which is not Float64"),
        (sales(loaded=[datetime(2010, 1, 1)] * 2), "'loaded' is Datetime.*, which is not"),
        (sales(day=[datetime(2010, 1, 1, 15)] * 2), "'day' is Datetime.*, which is not Date"),
    ],
)
def test_a_frame_that_breaks_the_contract_is_refused(broken: pl.DataFrame, message: str) -> None:
    with pytest.raises(InternalError, match=message):
        conform(SALES, broken)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(InternalError) as caught:
        conform(SALES, sales(shop=[None, "b"], amount=[float("nan"), 1.0]))

    assert "without 'shop'" in str(caught.value)
    assert "NaN or infinity" in str(caught.value)


def test_a_missing_part_of_a_key_counts_as_a_value() -> None:
    total = {"segment": ["all", "all"], "breakdown": ["all", "all"], "dimension": [None, None]}
    frame = pl.DataFrame({**total, "dimension_value": [None, None], "label": ["Total", "Total"]})

    with pytest.raises(InternalError, match="share their key"):
        conform(table_named("segment"), frame)
