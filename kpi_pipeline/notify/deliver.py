"""A message handed to its channel, tried again where that may help."""

from __future__ import annotations

import time
from collections.abc import Callable

from kpi_pipeline.notify.log import Log
from kpi_pipeline.notify.mail import Mail, post_mail
from kpi_pipeline.notify.message import Message, Undelivered
from kpi_pipeline.notify.rule import NotifyRule
from kpi_pipeline.notify.webhook import Webhook, post_to

TRIES = 3
"""How often a message is tried before it waits for the next time."""
PAUSE = 1.0
"""Seconds before the second try; twice as many before each further one."""


def deliver(
    channel: Webhook | Mail | Log,
    message: Message,
    receiver: str,
    *,
    say: Callable[[str], None],
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Hands a message over; `say` writes the lines of the log.

    Raises:
        Undelivered: it did not get there, after all tries.
    """
    for number in range(1, TRIES + 1):
        try:
            match channel:
                case Webhook():
                    post_to(channel, message)
                case Mail():
                    post_mail(channel, message, receiver)
                case Log():
                    say(f"{message.title}. {' '.join(message.body.split())}")
        except Undelivered as problem:
            if problem.for_good or number == TRIES:
                raise
            pause(PAUSE * 2 ** (number - 1))
        else:
            return


def receivers(rule: NotifyRule, owner_mail: str | None) -> tuple[str, ...]:
    """Whom a rule tells of something, as they are remembered; nobody where its channel is not set up.

    A webhook and a log have one receiver, called by the rule's name or by the address; mails have one an address.
    """
    match rule.to:
        case Webhook(url=None):
            return ()
        case Mail():
            return rule.to.addresses(owner_mail) if rule.to.can_log_in else ()
        case Webhook():
            return (rule.name or rule.to.fingerprint,)
        case Log():
            return (rule.name or rule.to.type,)
