"""How long it is remembered what was said, when a restated value is worth a warning, and when none may be restated."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from kpi_pipeline.names import Noun, Share
from kpi_pipeline.periods import DaysText, Grain, LastDay, Window


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


class Freeze(Noun):
    """Closed books: what was published of complete periods up to a day stays, whatever the data says later."""

    through: LastDay | Literal["never"] = Field(
        description="the last day that is closed, such as 2010-12; never where a KPI is no part of the books"
    )
    by: str | None = Field(default=None, description="who closed the books, such as Finance")
    note: str | None = Field(default=None, description="why, such as accounts of 2010 audited")

    @property
    def day(self) -> date | None:
        """The last day that is closed."""
        return self.through if isinstance(self.through, date) else None


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

REFUSED_BECAUSE: dict[str, str] = {
    **{reason: words for reason, words in REASONS.items() if reason is not None},
    "new": "it was not published",
    "removed": "the data no longer has it",
}
"""Why a closed value would be another one, for people."""
