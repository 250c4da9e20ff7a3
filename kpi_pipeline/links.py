"""Links: the claim that one KPI leads another."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from kpi_pipeline.names import Name, Noun
from kpi_pipeline.periods import DayGrain, WindowText


def _without_zero(value: object) -> object:
    """A lag of none is written 0 and means the same period."""
    return None if value in ("0", 0) else value


class Link(Noun):
    """KPI `from` leads KPI `to` by about `lag`, with this sign, because of a mechanism said in one sentence."""

    from_: Name = Field(alias="from", description="the KPI that leads")
    to: Name = Field(description="the KPI that follows")
    lag: Annotated[WindowText | None, BeforeValidator(_without_zero)] = Field(
        description="such as 4 weeks; 0 for the same period"
    )
    sign: Literal["positive", "negative"] = Field(
        default="positive", description="whether the follower rises or falls when the leader rises"
    )
    grain: DayGrain | None = Field(
        default=None,
        description="the periods it is tested by; by default the follower's, or the longest that make up the lag",
    )
    control: tuple[Name, ...] = Field(
        default=(),
        description="KPIs that may move both, such as the season's demand: they are held constant in the test",
    )
    by: tuple[str, ...] = Field(
        default=(), description="dimensions that both KPIs have: each segment is tested, too, such as each country"
    )
    team: Name | None = Field(default=None, description="who claims it; a link serves all viewpoints")
    because: str = Field(description="how the one brings about the other, in one sentence")
    ignore: dict[str, str] = Field(default_factory=dict, description="lint code -> reason why it does not apply here")
