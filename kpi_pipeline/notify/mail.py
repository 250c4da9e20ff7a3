"""Mail: the message goes to the owner of the KPI, or to addresses of its own."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from kpi_pipeline.notify.base import ChannelBase
from kpi_pipeline.notify.message import Message, Undelivered

OWNER = "owner"
ADDRESS = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+")


class Mail(ChannelBase):
    """A mail in plain text through a mail server (SMTP)."""

    type: Literal["mail"] = Field(description="the kind of channel")
    host: str = Field(min_length=1, description="the mail server")
    port: int = Field(default=587, ge=1, le=65535, description="its port")
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls",
        description="how the way to the server is kept secret: from the start (tls), or once it is asked",
    )
    user: str | None = Field(default=None, description="the name to log in with, where the server wants one")
    password: SecretStr | None = Field(default=None, description='"${MAIL_PASSWORD}", never written out')
    from_: str = Field(alias="from", description="the address the mail comes from")
    to: tuple[str, ...] = Field(
        default=(OWNER,), min_length=1, description="addresses; `owner` stands for that of the KPI's owner in `people`"
    )

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        for one in (self.from_, *(one for one in self.to if one != OWNER)):
            if not ADDRESS.fullmatch(one):
                raise ValueError("an address looks like kpis@example.org; 'owner' stands for the KPI's owner")
        if self.password and self.security == "none":
            raise ValueError("a password needs 'security: starttls' or 'tls', or anybody on the way could read it")
        return self

    def addresses(self, owner_mail: str | None) -> tuple[str, ...]:
        """Where it goes, the owner's own address put in; an owner without one is told nothing."""
        named = [owner_mail if one == OWNER else one for one in self.to]
        return tuple(dict.fromkeys(one for one in named if one))


def post_mail(mail: Mail, message: Message, receiver: str) -> None:
    """Hands one mail to the server, once.

    Raises:
        Undelivered: the server did not take it.
    """
    # NOTE: imported when needed, for it takes as long as the rest of the command line.
    import smtplib
    import ssl
    from email.message import EmailMessage

    if not ADDRESS.fullmatch(receiver):
        raise Undelivered("the address of the receiver is none", for_good=True)
    letter = EmailMessage()
    letter["Subject"] = " ".join(message.title.split())
    letter["From"], letter["To"] = mail.from_, receiver
    letter["Message-ID"] = f"<{message.key}@{mail.from_.rpartition('@')[2]}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(f"{message.body}\n\n-- \n{message.project}\n")
    safe = ssl.create_default_context()
    try:
        if mail.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(mail.host, mail.port, timeout=mail.timeout, context=safe)
        else:
            server = smtplib.SMTP(mail.host, mail.port, timeout=mail.timeout)
    except (OSError, smtplib.SMTPException) as problem:
        raise Undelivered(f"the mail server could not be reached ({type(problem).__name__})") from None
    try:
        if mail.security == "starttls":
            server.starttls(context=safe)
        if mail.user and mail.password:
            server.login(mail.user, mail.password.get_secret_value())
        server.send_message(letter, mail.from_, [receiver])
    except smtplib.SMTPAuthenticationError:
        raise Undelivered("the mail server refused name and password", for_good=True) from None
    except smtplib.SMTPRecipientsRefused as problem:
        code = next(iter(problem.recipients.values()))[0]
        raise Undelivered(f"the mail server refused the receiver ({code})", for_good=code >= 500) from None
    except smtplib.SMTPResponseException as problem:
        code = problem.smtp_code
        raise Undelivered(f"the mail server answered {code}", for_good=500 <= code < 600) from None
    except (OSError, smtplib.SMTPException, ValueError) as problem:
        raise Undelivered(f"the mail server could not be talked to ({type(problem).__name__})") from None
    finally:
        _leave(server)


def _leave(server: object) -> None:
    """Ends the conversation; the message is handed over by now, or it never will be."""
    import smtplib

    assert isinstance(server, smtplib.SMTP)
    try:
        server.quit()
    except (OSError, smtplib.SMTPException):
        server.close()
