"""Who can be asked by the age of cohorts, and who cannot."""

from __future__ import annotations

from typing import Any

import pytest

from kpi_pipeline.errors import QueryError
from tests.engine import engine

ROWS = {
    "visits": """
        day date   | person varchar | channel varchar
        2024-01-01 | ann            | web
        2024-02-01 | ann            | app
    """
}
MODELS = [
    {
        "name": "visits",
        "table": "raw.visits",
        "agg_time_dimension": "day",
        "entities": [{"name": "person", "type": "foreign"}],
        "dimensions": ["channel"],
    }
]
RETENTION = {"type": "retention", "entity": "person", "model": "visits"}
METRICS: list[dict[str, Any]] = [
    {"name": "visits_made", "type": "simple", "model": "visits", "agg": "count"},
    {"name": "next_month", **RETENTION, "cohort_grain": "month", "age": 1},
    {"name": "later", **RETENTION, "cohort_grain": "month", "age": {"from": 2, "to": 3}},
    {"name": "next_week", **RETENTION, "cohort_grain": "week", "age": 1},
    {"name": "lost", "type": "derived", "expr": "next_month - later", "input_metrics": ["next_month", "later"]},
]


@pytest.mark.parametrize(
    ("metrics", "asked", "match"),
    [
        (["visits_made"], {"grain": "month"}, "it is of type simple, and only the cohorts of retention have an age"),
        (["lost"], {"grain": "month"}, r"compares ages \('next_month' and 'later'\).*\nHint: ask for 'next_month' and"),
        (["next_month", "next_week"], {}, "counted in months, those of 'next_week' in weeks.\nHint: ask for one after"),
        (["next_month"], {"grain": "week"}, "has cohorts by month, and no week is made of these"),
        (["next_month"], {"grain": "hour"}, "--grain"),
        (["next_month"], {"where": "cohort_age < 3"}, "no row has a 'cohort_age'.\nHint: ask by it"),
    ],
)
def test_what_cannot_be_asked(metrics, asked, match):
    with (
        engine(ROWS, models=MODELS, metrics=METRICS) as on_rows,
        pytest.raises(QueryError, match=match),
    ):
        on_rows.query(metrics, by=["cohort_age"], **asked)


def test_metrics_of_different_ages_stand_side_by_side():
    with engine(ROWS, models=MODELS, metrics=METRICS) as on_rows:
        found = on_rows.query(["next_month", "later"], by=["cohort_age"])

    assert found.columns == ["cohort_age", "next_month", "later"]
    assert found.rows() == [(0, 1.0, 1.0), (1, 1.0, 1.0)]


def test_a_model_without_rows_has_no_ages():
    with engine({"visits": "day date | person varchar | channel varchar"}, models=MODELS, metrics=METRICS) as on_rows:
        assert on_rows.query(["next_month"], by=["cohort_age"], grain="month").is_empty()
