"""Rows of the published tables of evidence, as a test of two linked KPIs leaves them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

Row = dict[str, Any]

CONFIRMED: Row = {
    "kpi": "new_customers",
    "leads_kpi": "sales",
    "grain": "week",
    "expected_lag": 4,
    "expected_sign": "positive",
    "breakdown": "all",
    "segment": "all",
    "control": None,
    "team": "marketing",
    "both_made_of": None,
    "verdict": "confirmed",
    "reason_code": "leads",
    "reason": "All that was asked for was found",
    "remarks": None,
    "measured_lag": 4,
    "measured_sign": "positive",
    "correlation": 0.4312,
    "p_value": 0.0005,
    "p_adjusted": 0.0123,
    "granger_p": 0.0021,
    "reverse_p": 0.6123,
    "skill": 0.183,
    "skill_low": 0.05,
    "skill_high": 0.29,
    "skill_p": 0.0109,
    "periods": 120,
    "first_period": date(2009, 1, 5),
    "last_period": date(2011, 4, 18),
    "longest_lag": 8,
    "band": 0.179,
    "search_band": 0.262,
    "stands_out": 0.314,
    "reverse_lag": 3,
    "reverse_correlation": -0.1213,
    "reverse_lag_p": 0.812,
    "forecasts": 44,
    "seasonality_removed": True,
    "season_terms": 6,
    "season": "cos 1/52, sin 1/52, cos 2/52, sin 2/52, at 11/52, at 50/52",
    "trend_removed": False,
    "leader_logged": True,
    "follower_logged": True,
    "differenced": True,
    "differences": 1,
    "prewhitening_order": 3,
    "granger_order": 4,
    "clipped": 2,
    "stability": 0.75,
    "tested_at": datetime(2011, 4, 26, 6, tzinfo=UTC),
    "input_hash": "0123456789abcdef",
}
"""A row of `kpi_evidence` of a leader that was confirmed."""


def evidence_row(**changed: object) -> Row:
    """The same with other values in some columns."""
    assert changed.keys() <= CONFIRMED.keys()
    return CONFIRMED | changed
