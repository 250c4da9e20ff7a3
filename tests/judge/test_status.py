"""Attainment and status, a row a case."""

from __future__ import annotations

import polars as pl
import pytest

from kpi_pipeline.judge.status import attainment, status, status_rule

NONE = None
CASES = [
    # kind, value, target, complete, attainment, status
    ("at_least", 120.0, 100.0, True, 1.2, "on_track"),
    ("at_least", 100.0, 100.0, True, 1.0, "on_track"),
    ("at_least", 90.0, 100.0, True, 0.9, "at_risk"),
    ("at_least", 89.9, 100.0, True, 0.899, "off_track"),
    ("at_least", 0.0, 100.0, True, 0.0, "off_track"),
    ("at_least", -50.0, 100.0, True, -0.5, "off_track"),
    ("at_least", -5.0, -10.0, True, 1.5, "on_track"),
    ("at_least", -10.5, -10.0, True, 0.95, "at_risk"),
    ("at_least", -12.0, -10.0, True, 0.8, "off_track"),
    ("at_least", 1.0, 0.0, True, NONE, "on_track"),
    ("at_least", 0.0, 0.0, True, NONE, "on_track"),
    ("at_least", -0.1, 0.0, True, NONE, "off_track"),
    ("at_most", 80.0, 100.0, True, 1.2, "on_track"),
    ("at_most", 100.0, 100.0, True, 1.0, "on_track"),
    ("at_most", 110.0, 100.0, True, 0.9, "at_risk"),
    ("at_most", 111.0, 100.0, True, 0.89, "off_track"),
    ("at_most", 0.0, 100.0, True, 2.0, "on_track"),
    ("at_most", 0.0, 0.0, True, NONE, "on_track"),
    ("at_most", 0.1, 0.0, True, NONE, "off_track"),
    ("at_most", -11.0, -10.0, True, 1.1, "on_track"),
    ("at_most", -9.0, -10.0, True, 0.9, "at_risk"),
    ("at_least", NONE, 100.0, True, NONE, "no_data"),
    ("at_least", NONE, NONE, True, NONE, "no_data"),
    ("at_least", 5.0, NONE, True, NONE, "no_target"),
    (NONE, 5.0, NONE, True, NONE, "no_target"),
    ("at_least", 120.0, 100.0, False, 1.2, "in_progress"),
    ("at_least", NONE, 100.0, False, NONE, "in_progress"),
    (NONE, 5.0, NONE, False, NONE, "in_progress"),
]


@pytest.mark.parametrize(("kind", "value", "target", "complete", "wanted", "word"), CASES)
def test_attainment_and_status(
    kind: str | None, value: float | None, target: float | None, complete: bool, wanted: float | None, word: str
) -> None:
    row = _judged(kind, value, target, complete)
    assert row["attainment"] == (wanted if wanted is None else pytest.approx(wanted))
    assert row["status"] == word
    assert row["status_rule"]


def test_rules_are_said_in_words() -> None:
    assert _judged("at_least", 91.0, 100.0, True)["status_rule"] == "within 10 % of the target"
    assert (
        _judged("at_least", 91.0, 100.0, True, at_risk_within=0.025)["status_rule"] == "more than 2.5 % from the target"
    )


def _judged(
    kind: str | None, value: float | None, target: float | None, complete: bool, *, at_risk_within: float = 0.1
) -> dict[str, object]:
    frame = pl.DataFrame(
        [(kind, value, target, complete, at_risk_within)],
        schema={
            "target_type": pl.String,
            "value": pl.Float64,
            "target": pl.Float64,
            "is_complete": pl.Boolean,
            "at_risk_within": pl.Float64,
        },
        orient="row",
    )
    judged = frame.with_columns(variance=pl.col("value") - pl.col("target")).with_columns(attainment=attainment())
    return judged.with_columns(status=status(), status_rule=status_rule()).row(0, named=True)
