"""Metrics grouped by an entity: the value that a metric has for a row's own customer, over all time."""

from __future__ import annotations

from dataclasses import dataclass

from kpi_pipeline.plan.fingerprints import fingerprint
from kpi_pipeline.plan.joins import Hop, Joined
from kpi_pipeline.plan.measure import Measure, Shape
from kpi_pipeline.plan.model_plan import ModelPlan
from kpi_pipeline.plan.nodes import Node
from kpi_pipeline.plan.reduction import Reduction


@dataclass(frozen=True)
class GroupedPart:
    """The measures of one model by one time column, one value a key; `key` is SQL over the model's columns."""

    model: ModelPlan
    time: str
    key: str
    measures: tuple[Measure, ...]
    joined: tuple[Joined, ...] = ()

    @property
    def reduction(self) -> Reduction:
        """The pass over the model's rows that it is computed in."""
        return Reduction(self.model.name, self.time, Shape.additive, (), self.measures, joined=self.joined)


@dataclass(frozen=True)
class GroupedMetric:
    """A column that each row gets: a metric's value over all time for the row's own entity, whose key is `key`."""

    name: str
    key: str
    node: Node
    parts: tuple[GroupedPart, ...]

    @property
    def models(self) -> tuple[ModelPlan, ...]:
        """The models whose rows it is computed from."""
        return tuple(model for part in self.parts for model in (part.model, *_models(part)))

    @property
    def hops(self) -> tuple[Hop, ...]:
        """The steps along entities that the metric's own filters take."""
        return tuple(hop for part in self.parts for one in part.joined for hop in one.hops)

    @property
    def uses_calendar(self) -> bool:
        """Whether the metric's own filters look at periods."""
        return any(one.uses_calendar for part in self.parts for one in part.joined)

    @property
    def fingerprint(self) -> str:
        """Changes when it would hold something else, as far as definitions go."""
        parts = [
            (part.model.fingerprint, part.time, part.key, [one.fingerprint for one in part.joined])
            for part in self.parts
        ]
        return fingerprint(self.name, self.key, repr(self.node), parts)

    def __str__(self) -> str:
        rows = ", ".join(f"{part.model.table} by {part.key}" for part in self.parts)
        return f"{self.name} = the metric over all time for each {self.key}, from {rows}"


def _models(part: GroupedPart) -> tuple[ModelPlan, ...]:
    return tuple(model for one in part.joined for model in one.models)
