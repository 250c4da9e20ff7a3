"""What all channels share."""

from __future__ import annotations

from pydantic import Field

from kpi_pipeline.names import Noun


class ChannelBase(Noun):
    """A way by which messages reach people."""

    timeout: float = Field(default=10, gt=0, le=60, description="seconds to wait for an answer")
