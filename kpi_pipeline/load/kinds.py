"""The kinds of thing a definition file may hold, and the noun each becomes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import TypeAdapter

from kpi_pipeline.goals import Goal
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.links import Link
from kpi_pipeline.metrics import Metric
from kpi_pipeline.models import Model
from kpi_pipeline.names import Noun
from kpi_pipeline.project import Settings
from kpi_pipeline.reviews import HeldReview
from kpi_pipeline.sources import Source
from kpi_pipeline.teams import Person, Team


@dataclass(frozen=True)
class Kind:
    """A top-level key of the definitions, what one of its members is called, and the noun it becomes."""

    key: str
    singular: str
    noun: Any

    @cached_property
    def adapter(self) -> TypeAdapter[Noun]:
        """What turns plain values into the noun; made when first needed, for it costs time."""
        return TypeAdapter(self.noun)

    def subject(self, name: str | None, number: int | None = None) -> str:
        """A member as messages call it.

        >>> Kind("kpis", "KPI", None).subject("orders"), Kind("teams", "team", None).subject(None, 2)
        ("KPI 'orders'", 'The team number 2')
        """
        word = self.singular[0].upper() + self.singular[1:]
        if name is not None:
            return f"{word} '{name}'"
        return f"The {self.singular} number {number}" if number else f"The {self.singular}"


PROJECT = Kind("project", "project", Settings)
LINKS = Kind("links", "link", Link)
REVIEWS = Kind("reviews", "review", HeldReview)
KINDS = (
    PROJECT,
    Kind("sources", "source", Source),
    Kind("models", "model", Model),
    Kind("metrics", "metric", Metric),
    Kind("teams", "team", Team),
    Kind("people", "person", Person),
    Kind("goals", "goal", Goal),
    Kind("kpis", "KPI", Kpi),
    LINKS,
    REVIEWS,
)
BY_KEY = {kind.key: kind for kind in KINDS}


def link_name(from_: str, to: str) -> str:
    """How a link, which has no name of its own, is looked up.

    >>> link_name("leads", "sales")
    'leads->sales'
    """
    return f"{from_}->{to}"


def review_name(kpi: str, on: object) -> str:
    """How a review, which has no name of its own, is looked up.

    >>> review_name("sales", "2010-12-14")
    'sales on 2010-12-14'
    """
    return f"{kpi} on {on}"
