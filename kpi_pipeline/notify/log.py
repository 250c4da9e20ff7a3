"""Log: the message is a line where the program writes its own."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kpi_pipeline.notify.base import ChannelBase


class Log(ChannelBase):
    """A line on the terminal of `kpi notify`, or in Dagster's log of the sensor."""

    type: Literal["log"] = Field(description="the kind of channel")
