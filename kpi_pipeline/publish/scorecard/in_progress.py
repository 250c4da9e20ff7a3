"""The period of a series that is not over yet."""

from __future__ import annotations

from collections.abc import Sequence

from kpi_pipeline.publish.scorecard.snapshot import Row


def in_progress(series: Sequence[Row]) -> list[Row]:
    """The period that follows the latest complete one, or the first where none is; nothing where all are over.

    Later ones, which stragglers open, tell nothing yet.
    """
    complete = [row for row in series if row["is_complete"]]
    return [row for row in series if not complete or row["period_start_utc"] > complete[-1]["period_start_utc"]][:1]
