"""Webhook: the message is posted to an address that a chat or another program listens on."""

from __future__ import annotations

import hashlib
import json
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from kpi_pipeline.notify.base import ChannelBase
from kpi_pipeline.notify.message import Message, Undelivered

WORTH_ANOTHER_TRY = frozenset({408, 425, 429, 500, 502, 503, 504})


class Webhook(ChannelBase):
    """A POST to an address, in the form that Slack or Teams reads, or as plain JSON.

    The header `Idempotency-Key` is the same whenever the same message is sent again.
    """

    type: Literal["webhook"] = Field(description="the kind of channel")
    url: SecretStr | None = Field(
        description='the address: "${SLACK_HOOK}", never written out, for whoever has it may post'
    )
    format: Literal["slack", "teams", "json"] = Field(default="json", description="who reads it")

    @field_validator("url")
    @classmethod
    def _of_the_web(cls, url: SecretStr | None) -> SecretStr | None:
        if url is None:
            return None
        parts = urlsplit(url.get_secret_value())
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(
                "the address of a webhook begins with https:// or http://; write one like https://hooks.example.org/T0/B0/x"
            )
        return url

    @property
    def fingerprint(self) -> str:
        """What the address is remembered by; it cannot be found out from it."""
        secret = self.url.get_secret_value() if self.url else ""
        return f"webhook {hashlib.sha256(secret.encode()).hexdigest()[:12]}"


def post_to(webhook: Webhook, message: Message) -> None:
    """Posts a message, once.

    Raises:
        Undelivered: the other side did not say that it has it.
    """
    # NOTE: imported when needed, for it takes as long as the rest of the command line.
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import HTTPRedirectHandler, Request, build_opener

    class NoRedirect(HTTPRedirectHandler):
        """A redirect would hand the secret address on, and turn the POST into a GET."""

        def redirect_request(self, *_: object) -> None:
            return None

    assert webhook.url is not None
    request = Request(  # noqa: S310 - the scheme was looked at when the definitions were read
        webhook.url.get_secret_value(),
        data=json.dumps(content(message, webhook.format), ensure_ascii=False).encode(),
        headers={"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": message.key},
        method="POST",
    )
    try:
        with build_opener(NoRedirect).open(request, timeout=webhook.timeout) as answer:
            answer.read(1)
    except HTTPError as problem:
        problem.close()
        worth_it = problem.code in WORTH_ANOTHER_TRY
        raise Undelivered(f"the webhook answered {problem.code}", for_good=not worth_it) from None
    except (OSError, HTTPException, ValueError) as problem:
        # NOTE: the text of the error may hold the address, and the address is the secret.
        raise Undelivered(f"the webhook could not be reached ({_kind(problem)})") from None


def content(message: Message, form: Literal["slack", "teams", "json"]) -> dict[str, object]:
    """What is posted: a text for chats, everything as keys for programs.

    >>> from kpi_pipeline.notify.message import Event
    >>> told = Message("1f", Event.status_change, "Orders is <off track>", "2 of 5", "orders", "shop")
    >>> content(told, "slack")
    {'text': '*Orders is &lt;off track&gt;*\\n2 of 5'}
    """
    if form == "slack":
        return {"text": f"*{_for_slack(message.title)}*\n{_for_slack(message.body)}"}
    if form == "teams":
        blocks = [
            {"type": "TextBlock", "text": message.title, "weight": "bolder", "wrap": True},
            {"type": "TextBlock", "text": message.body.replace("\n", "\n\n"), "wrap": True},
        ]
        card = {"type": "AdaptiveCard", "version": "1.4", "body": blocks}
        attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
        return {"type": "message", "attachments": [attachment]}
    return {
        "key": message.key,
        "event": message.event.value,
        "title": message.title,
        "body": message.body,
        "about": message.about,
        "project": message.project,
    }


def _for_slack(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _kind(problem: Exception) -> str:
    reason = getattr(problem, "reason", problem)
    return "no answer in time" if isinstance(reason, TimeoutError) else type(reason).__name__
