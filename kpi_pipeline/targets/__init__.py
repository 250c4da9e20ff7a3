"""The kinds of target, one file each."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kpi_pipeline.targets.at_least import AtLeast
from kpi_pipeline.targets.at_most import AtMost
from kpi_pipeline.targets.base import TargetValue

KINDS = (AtLeast, AtMost)

Target = Annotated[AtLeast | AtMost, Field(discriminator="type")]

__all__ = ["KINDS", "AtLeast", "AtMost", "Target", "TargetValue"]
