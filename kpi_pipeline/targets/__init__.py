"""The kinds of target, one file each; an increase and a decrease are one idea."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kpi_pipeline.targets.at_least import AtLeast
from kpi_pipeline.targets.at_most import AtMost
from kpi_pipeline.targets.base import Band, Baseline, Milestone, TargetValue
from kpi_pipeline.targets.growth import Growth
from kpi_pipeline.targets.path import DecreaseTo, IncreaseTo, PathBase
from kpi_pipeline.targets.within import Within

KINDS = (AtLeast, AtMost, Within, IncreaseTo, DecreaseTo, Growth)

Target = Annotated[AtLeast | AtMost | Within | IncreaseTo | DecreaseTo | Growth, Field(discriminator="type")]

__all__ = [
    "KINDS",
    "AtLeast",
    "AtMost",
    "Band",
    "Baseline",
    "DecreaseTo",
    "Growth",
    "IncreaseTo",
    "Milestone",
    "PathBase",
    "Target",
    "TargetValue",
    "Within",
]
