"""The status a period in progress would have: judged as if it were over and had ended as projected."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from kpi_pipeline.judge import inline_targets, judge
from kpi_pipeline.judge.projected import NOTHING_PROJECTED
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.periods import Grain
from kpi_pipeline.plan import Series
from tests.judge.samples import CALENDAR, Months, frame, kpi, project


def in_may(one: Kpi, value: float | None, *, months: Months | None = None) -> dict[str, Any]:
    """The row of May, which is in progress at 40, when it is projected to end at a value."""
    made = project([one])
    series: Months = months or {1: 100.0, 2: 100.0, 3: 100.0, 4: 100.0, 5: 40.0}
    rows = frame(series, incomplete=(5,))
    # NOTE: while in progress it is compared with as much of April.
    elapsed = pl.when(pl.col("is_complete")).then("previous_value").otherwise(35.0)
    told = NOTHING_PROJECTED.clear()
    if value is not None:
        row = ("k", "all", "all", date(2024, 5, 1), value, value - 10, value + 10)
        told = pl.DataFrame([row], schema=NOTHING_PROJECTED.schema, orient="row")
    results = {Series("sales", Grain.month): rows.with_columns(previous_value=elapsed)}
    table = judge(made, results, inline_targets(made), CALENDAR, told)
    assert table.filter(pl.col("period_start") < date(2024, 5, 1))["projected_status"].is_null().all()
    return table.row(by_predicate=pl.col("period_start") == date(2024, 5, 1), named=True)


def at_least(value: float, **fields: object) -> Kpi:
    return kpi(values=[{"from": date(2024, 1, 1), "value": value}], **fields)


@pytest.mark.parametrize(("ends", "status"), [(120.0, "on_track"), (95.0, "at_risk"), (60.0, "off_track")])
def test_the_target_is_that_of_the_whole_period(ends: float, status: str) -> None:
    row = in_may(at_least(100), ends)
    assert (row["projected_value"], row["projected_low"], row["projected_high"]) == (ends, ends - 10, ends + 10)
    assert row["projected_status"] == status
    assert (row["value"], row["status"], row["is_complete"]) == (40, "in_progress", False)


def test_growth_is_told_against_the_whole_period_before() -> None:
    """April was 100: with growth of 10 % May must end at 110, though as much of April was 35."""
    grows = kpi(
        target={"type": "growth", "against": "previous_period", "values": [{"from": date(2024, 1, 1), "value": 0.1}]}
    )
    assert in_may(grows, 112)["projected_status"] == "on_track"
    assert in_may(grows, 90)["projected_status"] == "off_track"


def test_rules_of_ones_own_see_the_projected_value_and_change() -> None:
    rules = {"rules": [{"when": "change_pct < -0.2", "is": "off_track"}, {"when": "value >= 70", "is": "on_track"}]}
    own = kpi(status=rules)
    assert in_may(own, 79)["projected_status"] == "off_track"
    assert in_may(own, 81)["projected_status"] == "on_track"


def test_a_status_that_must_last_has_to_last_here_too() -> None:
    """All was well until April; one projected month off track does not change that yet."""
    patient = at_least(100, status={"settles_after": 2})
    assert in_may(patient, 10)["projected_status"] == "on_track"
    worse: Months = {1: 100.0, 2: 100.0, 3: 100.0, 4: 10.0, 5: 5.0}
    assert in_may(patient, 10, months=worse)["projected_status"] == "off_track"


def test_without_target_there_is_nothing_to_be_on_track_of() -> None:
    assert in_may(kpi(), 10)["projected_status"] == "no_target"


def test_what_is_not_projected_has_no_projected_status() -> None:
    row = in_may(at_least(100), None)
    assert (row["projected_value"], row["projected_status"]) == (None, None)
