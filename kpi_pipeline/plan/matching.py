"""Matching: events of one model attributed to the latest earlier event of another."""

from __future__ import annotations

from dataclasses import dataclass

from kpi_pipeline.periods import Window
from kpi_pipeline.plan.joins import Joined
from kpi_pipeline.plan.model_plan import ModelPlan

EVENT = "_event"
"""The column that holds what a conversion event adds: the conversion metric's expression."""
SEEN = "_seen"
"""The column that holds the day from which on an event is known; it lies on or after the day on which it counts."""


@dataclass(frozen=True)
class Side:
    """The events of one side of a matching: rows of a model, by a time column, with the keys that must be equal."""

    model: ModelPlan
    time: str
    keys: tuple[str, ...]
    filter: str
    joined: tuple[Joined, ...] = ()
    """The columns that its filter names beside those of the model's table."""

    @property
    def models(self) -> tuple[ModelPlan, ...]:
        """The models whose rows it reads."""
        return (self.model, *(model for one in self.joined for model in one.models))

    def __str__(self) -> str:
        return f"{self.model.name} by {self.time}" + (f" where {self.filter}" if self.filter else "")


@dataclass(frozen=True)
class Matching:
    """Every conversion event with the latest base event of the same keys at or before it, less than a window before.

    `ties` orders base events of the same moment; the last one counts. `expr` is what a conversion adds.
    """

    base: Side
    conversion: Side
    ties: tuple[str, ...]
    expr: str
    window: Window | None = None

    @property
    def models(self) -> tuple[ModelPlan, ...]:
        """The models whose rows it reads."""
        return (*self.base.models, *self.conversion.models)

    @property
    def joined(self) -> tuple[Joined, ...]:
        """The columns that the rows of both sides get."""
        return (*self.base.joined, *self.conversion.joined)

    def __str__(self) -> str:
        within = f"less than {self.window} after" if self.window else "at any time after"
        return f"{self.expr} of {self.conversion}, {within} {self.base} of the same {', '.join(self.base.keys)}"
