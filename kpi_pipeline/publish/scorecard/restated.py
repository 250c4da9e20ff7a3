"""Published values that changed afterwards: what was said, what is said now, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from kpi_pipeline.publish.scorecard.dates import moment_written, period_written
from kpi_pipeline.publish.scorecard.snapshot import Row
from kpi_pipeline.publish.scorecard.wording import Numbers
from kpi_pipeline.restating import REASONS
from kpi_pipeline.segments import TOTAL
from kpi_pipeline.status import Status

MOST = 20
SAID = ("value", "target", "status")


@dataclass(frozen=True)
class Restatement:
    """A complete period whose published value changed."""

    period: str
    was: str
    became: str
    recorded: str
    reason: str


def restatements_of(history: Sequence[Row], numbers: Numbers) -> tuple[Restatement, ...]:
    """The latest changes of the total, newest first; what merely grew while its period went on is none."""
    total = sorted(
        (row for row in history if row["segment"] == TOTAL),
        key=lambda row: (row["grain"], row["period_start_utc"], row["recorded_at"]),
    )
    changed = [
        (before, after)
        for _, rows in groupby(total, key=lambda row: (row["grain"], row["period_start_utc"]))
        for before, after in pairwise(rows)
        if before["is_complete"] and any(before[name] != after[name] for name in SAID)
    ]
    changed.sort(key=lambda pair: (pair[1]["recorded_at"], pair[1]["period_start_utc"]), reverse=True)
    return tuple(
        Restatement(
            period_written(after["period_label"]),
            *_was_and_became(before, after, numbers),
            moment_written(after["recorded_at"]),
            REASONS[after["reason"]],
        )
        for before, after in changed[:MOST]
    )


def _was_and_became(before: Row, after: Row, numbers: Numbers) -> tuple[str, str]:
    """The values; where these are the same, the targets, else how it stood."""
    if before["value"] != after["value"]:
        return numbers.write(before["value"]), numbers.write(after["value"])
    if before["target"] != after["target"]:
        return f"target {numbers.write(before['target'])}", f"target {numbers.write(after['target'])}"
    return Status(before["status"]).words, Status(after["status"]).words
