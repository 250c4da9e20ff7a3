"""How long it is remembered what was said, and from when on a restated value is worth a warning."""

from __future__ import annotations

from pydantic import Field

from kpi_pipeline.names import Noun, Share
from kpi_pipeline.periods import DaysText, Grain, Window


class History(Noun):
    """How long values that are no longer published are kept, so that it can be seen what was said and why it changed.

    What is published now is always kept.
    """

    keep: DaysText = Field(
        default=Window(3, Grain.year),
        description="how long a value of a complete period is kept after another one took its place",
    )
    in_progress: DaysText = Field(
        default=Window(35, Grain.day),
        description="how long one of a period in progress is; such a value changes with every run",
    )


class Restatement(Noun):
    """From which change on a restated value of a complete period is worth a warning."""

    warn_above: Share = Field(
        gt=0, description="the share of the value said before, such as 2%; a smaller change warns nobody"
    )


REASONS: dict[str | None, str] = {
    "new": "published for the first time",
    "late_data": "rows came late",
    "correction": "rows were corrected",
    "definition_changed": "its definition changed",
    "target_changed": "its target changed",
    "rule_changed": "the rules of its status, or the program, changed",
    "removed": "no longer published",
    None: "the period was in progress",
}
"""Why a value was said, for people."""
