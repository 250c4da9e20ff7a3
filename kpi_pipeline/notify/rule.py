"""Who is told what: a line of `notify` in the project's settings."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from kpi_pipeline.names import Name, Noun
from kpi_pipeline.notify.log import Log
from kpi_pipeline.notify.mail import OWNER, Mail
from kpi_pipeline.notify.message import Event
from kpi_pipeline.notify.webhook import Webhook

Channel = Annotated[Webhook | Mail | Log, Field(discriminator="type")]

OF_A_KPI = frozenset(
    {Event.status_change, Event.heading_off_track, Event.review_overdue, Event.leader_faded, Event.restated}
)
"""What has an owner."""


class NotifyRule(Noun):
    """What is told, and by which channel. Nothing is told twice to the same receiver."""

    on: tuple[Event, ...] = Field(min_length=1, description="what is told")
    to: Channel = Field(description="where to")
    name: Name | None = Field(
        default=None,
        description="what the channel is remembered by, so that a new address is not told again what the old one was",
    )
    remind_every: int | None = Field(
        default=None,
        ge=1,
        description="after how many days an overdue review is told again; by default it is told once",
    )

    @model_validator(mode="after")
    def _somebody_to_tell(self) -> Self:
        without = [one.value for one in self.on if one not in OF_A_KPI]
        if isinstance(self.to, Mail) and self.to.to == (OWNER,) and without:
            raise ValueError(f"'{without[0]}' is of no KPI, so it has no owner; name addresses in 'to: {{to: [...]}}'")
        if self.remind_every and Event.review_overdue not in self.on:
            raise ValueError("'remind_every' is about overdue reviews; add 'review_overdue' to 'on'")
        return self
