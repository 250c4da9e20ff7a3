"""Within: stay inside a band."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from kpi_pipeline.targets.base import Band, TargetBase, one_origin


class Within(TargetBase):
    """The value should lie between two values, both included.

    Attainment is 1 inside. Outside it is 1 - distance / (high - low): 0 as far from the band as the band is wide. Where
    both ends are one value, the distance is measured by that value instead.
    """

    type: Literal["within"] = Field(description="the kind of target")
    values: tuple[Band, ...] = Field(default=(), description="the bands, each from a day on")

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        one_origin(self.values, self.table)
        return self
