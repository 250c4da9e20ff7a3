"""The whole of a run or of a question, in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kpi_pipeline.plan.model_plan import ModelPlan
from kpi_pipeline.plan.reduction import Reduction
from kpi_pipeline.plan.series import Derivation, Series


@dataclass(frozen=True)
class Plan:
    """Everything a run has to do, in order."""

    models: tuple[ModelPlan, ...]
    reductions: tuple[Reduction, ...]
    derivations: Mapping[str, Derivation]
    series: tuple[Series, ...]

    def model(self, name: str) -> ModelPlan:
        """The model of that name."""
        return next(one for one in self.models if one.name == name)

    def models_of(self, reduction: Reduction) -> tuple[ModelPlan, ...]:
        """The models a reduction reads: its own, then those in which it looks something up."""
        return (self.model(reduction.model), *(self.model(name) for name in reduction.looked_up))

    def sources_of(self, model: str) -> tuple[str, ...]:
        """The sources below a model, also through other models."""
        plan = self.model(model)
        below = [source for inner in plan.models for source in self.sources_of(inner)]
        return tuple(dict.fromkeys([*plan.sources, *below]))
