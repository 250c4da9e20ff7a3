"""Which period of a series a page calls unfinished."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kpi_pipeline.publish.scorecard.in_progress import in_progress


@pytest.mark.parametrize(
    ("complete", "first"),
    [
        ([True, True, False, False], [3]),
        # cohorts of the beginning may be the only ones whose time is not over
        ([False, True, True, False], [4]),
        ([False, False], [1]),
        ([True, True], []),
        ([], []),
    ],
)
def test_the_one_after_the_latest_complete_period(complete: list[bool], first: list[int]) -> None:
    starts = [datetime(2010, month, 1, tzinfo=UTC) for month in range(1, len(complete) + 1)]
    series = [{"period_start_utc": at, "is_complete": over} for at, over in zip(starts, complete, strict=True)]

    assert [row["period_start_utc"].month for row in in_progress(series)] == first
