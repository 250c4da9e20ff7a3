"""Telling people: the kinds of channel, one file each, and what a message to them holds."""

from __future__ import annotations

from kpi_pipeline.notify.base import ChannelBase
from kpi_pipeline.notify.deliver import deliver, receivers
from kpi_pipeline.notify.log import Log
from kpi_pipeline.notify.mail import Mail
from kpi_pipeline.notify.message import Event, Message, Undelivered
from kpi_pipeline.notify.rule import OF_A_KPI, NotifyRule
from kpi_pipeline.notify.webhook import Webhook

KINDS = (Webhook, Mail, Log)

__all__ = [
    "KINDS",
    "OF_A_KPI",
    "ChannelBase",
    "Event",
    "Log",
    "Mail",
    "Message",
    "NotifyRule",
    "Undelivered",
    "Webhook",
    "deliver",
    "receivers",
]
