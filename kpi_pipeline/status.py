"""What a KPI's value says beside its target: words, bands and rules."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from kpi_pipeline.names import Condition, Noun, Share


class Status(StrEnum):
    """How a KPI stands in a period."""

    on_track = "on_track"
    at_risk = "at_risk"
    off_track = "off_track"
    in_progress = "in_progress"
    no_target = "no_target"
    no_data = "no_data"

    @property
    def words(self) -> str:
        """As people say it: on track."""
        return self.value.replace("_", " ")

    @property
    def sign(self) -> str:
        """A mark beside the words, so that nothing rests on colour alone."""
        return {"on_track": "✓", "at_risk": "!", "off_track": "✗", "in_progress": "…", "no_target": "·"}.get(self, "?")


JUDGED = (Status.on_track, Status.at_risk, Status.off_track)
"""The statuses that say how a KPI stands, the best first; the others say that nobody knows."""

RULE_COLUMNS = (
    "value", "target", "target_low", "target_high", "attainment", "variance", "previous_value", "change", "change_pct",
    "year_ago_value", "year_over_year_pct", "numerator", "denominator", "sample_size", "period_start", "last_day",
)  # fmt: skip
"""What a rule may look at: columns of `kpi_value`."""
DAY_COLUMNS = ("period_start", "last_day")


class StatusRule(Noun):
    """A condition over a period's row, and the status it gives."""

    when: Condition = Field(
        description="a condition over value, target, attainment, variance, change_pct, period_start and so on"
    )
    is_: Literal["on_track", "at_risk", "off_track"] = Field(alias="is", description="the status it gives")


class StatusRules(Noun):
    """Rules in their order; where none holds, the bands around the target say. May be written as the list of rules."""

    at_risk_within: Share = Field(
        default=0.10, ge=0, le=1, description="how far attainment may lie below 1 and still be at risk, such as 10%"
    )
    rules: tuple[StatusRule, ...] = Field(default=(), description="conditions; the first that holds gives the status")
    settles_after: int = Field(
        default=1, ge=1, le=12, description="after how many periods in a row another status is believed"
    )
