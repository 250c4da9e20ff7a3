"""Increase to, decrease to: get from where it stands to a value, by a day."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from kpi_pipeline.targets.base import Baseline, Milestone, TargetBase, one_origin


class PathBase(TargetBase):
    """The way from a baseline over milestones, each reached by a day; between them the expected path is straight.

    A period's target is the expected value at its end; after the last milestone that stays. Attainment is
    1 + (value - expected) / (last milestone - baseline): 1 on the path, and less by the share of the whole way that is
    missing; at the last milestone it is the share of the way that was gone.
    """

    baseline: Baseline = Field(description="where the way begins")
    values: tuple[Milestone, ...] = Field(default=(), description="what is to be reached by when; the last is the goal")

    @model_validator(mode="after")
    def _a_way(self) -> Self:
        one_origin(self.values, self.table)
        for one in self.values:
            if one.by <= self.baseline.at:
                raise ValueError(f"'by' ({one.by}) does not lie after the baseline ({self.baseline.at})")
            if self.baseline.value is not None and not self._onwards(self.baseline.value, one.value):
                raise ValueError(
                    f"the way from {self.baseline.value:g} to {one.value:g} does not {self._word}; "
                    f"compare 'baseline.value' and 'values', or take the other kind of target"
                )
        return self

    _word: ClassVar[str] = "increase"

    def _onwards(self, start: float, end: float) -> bool:
        return end > start


class IncreaseTo(PathBase):
    """The value should rise to a value by a day."""

    type: Literal["increase_to"] = Field(description="the kind of target")


class DecreaseTo(PathBase):
    """The value should fall to a value by a day."""

    type: Literal["decrease_to"] = Field(description="the kind of target")

    _word: ClassVar[str] = "decrease"

    def _onwards(self, start: float, end: float) -> bool:
        return end < start
