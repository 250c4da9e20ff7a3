"""What is wanted of a metric, how it is computed, and how far its data goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from kpi_pipeline.names import COHORT_AGE, without_age
from kpi_pipeline.periods import Grain
from kpi_pipeline.plan.nodes import Leaf, Node, Quotient


@dataclass(frozen=True)
class Derivation:
    """A metric as a tree over measures, and what its numbers rest on."""

    metric: str
    node: Node
    sample: Leaf
    sources: tuple[str, ...]
    fingerprint: str
    every_period: bool = False
    """Whether a question is answered for every period, not only for those with data."""
    min_group_size: int = 0
    """How many rows there must be behind whatever a value is computed from, so that it may be shown."""
    group: Node | None = None
    """How many rows there are behind the smallest of it, where that matters."""

    @property
    def numerator(self) -> Node | None:
        """What is divided, where the metric is a quotient."""
        return self.node.numerator if isinstance(self.node, Quotient) else None

    @property
    def denominator(self) -> Node | None:
        """What it is divided by, where the metric is a quotient."""
        return self.node.denominator if isinstance(self.node, Quotient) else None


SeriesKey = tuple[str, Grain | None, tuple[str, ...]]
"""A metric, a grain and a breakdown: what no two series of a plan have in common."""
Frame = TypeVar("Frame")


@dataclass(frozen=True)
class Series:
    """A metric at a grain and a breakdown: one value a period and segment."""

    metric: str
    grain: Grain | None
    breakdown: tuple[str, ...] = ()
    at_most: int = 200
    compared: bool = False
    """Whether the previous period's and last year's values are wanted beside it."""

    @property
    def key(self) -> SeriesKey:
        """By what it is found."""
        return self.metric, self.grain, self.breakdown

    @property
    def by_age(self) -> bool:
        """Whether the ages of cohorts are told apart."""
        return COHORT_AGE in self.breakdown

    @property
    def dimensions(self) -> tuple[str, ...]:
        """What rows are told apart by: the breakdown without the age of cohorts, which no row has."""
        return without_age(self.breakdown)


def by_key(results: Mapping[Series, Frame]) -> dict[SeriesKey, Frame]:
    """What belongs to series, to be looked up by metric, grain and breakdown."""
    return {series.key: frame for series, frame in results.items()}


@dataclass(frozen=True)
class Coverage:
    """How far a metric's data goes: its first day, its newest day, and the day before which it is complete."""

    first_day: date
    newest_day: date
    complete_before: date
