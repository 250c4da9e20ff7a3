"""What must hold of every KPI table, each broken once."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from kpi_pipeline.checks import NotNull, RowCount
from kpi_pipeline.quality import FrameTarget, check_frames, kpi_table

AS_OF = datetime(2010, 12, 10, tzinfo=UTC)


def kpi_values(**changed: list[Any]) -> pl.DataFrame:
    columns: dict[str, list[Any]] = {
        "kpi": ["weekly_net_sales"] * 4,
        "grain": ["week"] * 4,
        "period_start": [date(2010, 11, 22), date(2010, 11, 29), date(2010, 11, 22), date(2010, 11, 29)],
        "segment": ["all", "all", "country=France", "country=France"],
        "value": [0.1 + 0.2, None, 0.0, 7.5],
        "numerator": [0.3, 1.0, None, 15.0],
        "denominator": [1.0, 0.0, 2.0, 2.0],
        "status": ["on_track", "no_data", "off_track", "in_progress"],
    }
    floats = dict.fromkeys(("value", "numerator", "denominator"), pl.Float64)
    return pl.DataFrame(columns | changed, schema_overrides=floats, strict=False)


def failed(frame: pl.DataFrame) -> dict[str, int]:
    results = check_frames([kpi_table("kpi/weekly_net_sales", frame, "weekly_net_sales")], as_of=AS_OF)
    assert all(result.severity == "error" for result in results)
    return {result.check_name: result.failing_rows for result in results if not result.passed}


def test_a_sound_table_passes() -> None:
    assert failed(kpi_values()) == {}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"value": [float("nan"), None, 0.0, 7.5], "numerator": [None] * 4}, {"value_is_a_number": 1}),
        ({"value": [0.3, float("inf"), float("-inf"), 7.5]}, {"value_is_a_number": 2}),
        ({"value": [0.3, None, 0.0, 7.4]}, {"value_is_its_ratio": 1}),
        ({"value": [None, None, 0.0, 7.5]}, {"value_is_its_ratio": 1}),
        ({"segment": ["all", "all", "country=France", None]}, {"key_not_null": 1}),
        ({"segment": ["all", "all", "all", "country=France"]}, {"key_unique": 2}),
        ({"status": ["on_track", "great", "off_track", "no_data"]}, {"status_known": 1}),
        ({"status": ["on_track", None, "off_track", "no_data"]}, {"key_not_null": 1}),
        ({"kpi": ["weekly_net_sales"] * 3 + ["monthly_net_sales"]}, {"one_kpi": 1}),
    ],
)
def test_each_flaw_is_found(changed: dict[str, list[Any]], expected: dict[str, int]) -> None:
    assert failed(kpi_values(**changed)) == expected


def test_an_empty_table_is_no_table() -> None:
    assert failed(kpi_values().clear()) == {"has_rows": 0}


def test_failing_rows_are_shown_with_their_key() -> None:
    flawed = kpi_values(value=[0.3, None, 0.0, 7.4])
    results = check_frames([kpi_table("published/kpi_value", flawed)], as_of=AS_OF)
    (result,) = [result for result in results if not result.passed]
    assert result.asset == "published/kpi_value"
    (row,) = result.sample
    assert (row["period_start"], row["segment"], row["value"]) == ("2010-11-29", "country=France", "7.4")


def test_a_table_before_it_is_judged_has_no_status() -> None:
    assert failed(kpi_values().drop("status")) == {}


def test_frames_take_any_check_that_needs_no_sql() -> None:
    target = FrameTarget(
        "metric/orders",
        kpi_values(),
        [RowCount(type="row_count", min=5), NotNull(type="not_null", columns=("kpi",), filter="value > 0")],
    )
    short, filtered = check_frames([target], as_of=AS_OF)
    assert (short.passed, short.observed) == (False, "it is 4")
    assert "needs SQL" in filtered.observed
