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
        if len({"user", "password"} & self.model_fields_set) == 1:
            raise ValueError("who logs in has a name and a password: say both 'user' and 'password', or neither")
        return self

    @property
    def can_log_in(self) -> bool:
        """Whether name and password are both there, or neither is wanted; a variable may not be set here."""
        return (self.user is None) == (self.password is None)

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
        raise _why(problem, "reached") from None
    try:
        if mail.security == "starttls":
            server.starttls(context=safe)
        if mail.user and mail.password:
            server.login(mail.user, mail.password.get_secret_value())
        server.send_message(letter, mail.from_, [receiver])
    except (OSError, smtplib.SMTPException, ValueError) as problem:
        raise _why(problem, "talked to") from None
    finally:
        _leave(server)


def _why(problem: Exception, what: str) -> Undelivered:
    """What went wrong, without the address and the password that the exception may hold."""
    import smtplib
    import ssl

    match problem:
        case smtplib.SMTPAuthenticationError() if problem.smtp_code >= 500:
            # NOTE: once a call is enough: a hundred messages with a wrong password lock the account.
            return Undelivered("the mail server refused name and password", for_good=True, for_all=True)
        case smtplib.SMTPAuthenticationError(smtp_code=code):
            return Undelivered(f"the mail server cannot log in anybody now ({code})")
        case UnicodeEncodeError():
            letters = "name, password or address hold letters that mail cannot carry"
            return Undelivered(letters, for_good=True, for_all=True)
        case smtplib.SMTPNotSupportedError():
            lacking = f"the mail server does not offer what is asked for ({problem})"
            return Undelivered(lacking, for_good=True, for_all=True)
        case ssl.SSLCertVerificationError():
            return Undelivered(
                f"the certificate of the mail server is not trusted ({problem.verify_message}); the environment "
                "variable SSL_CERT_FILE may name a file with the certificates to trust",
                for_good=True,
                for_all=True,
            )
        case smtplib.SMTPRecipientsRefused():
            code = next(iter(problem.recipients.values()))[0]
            return Undelivered(f"the mail server refused the receiver ({code})", for_good=code >= 500)
        case smtplib.SMTPResponseException(smtp_code=code):
            return Undelivered(f"the mail server answered {code}", for_good=500 <= code < 600)
        case _:
            return Undelivered(f"the mail server could not be {what} ({type(problem).__name__})")


def _leave(server: object) -> None:
    """Ends the conversation; the message is handed over by now, or it never will be."""
    import smtplib

    assert isinstance(server, smtplib.SMTP)
    try:
        server.quit()
    except (OSError, smtplib.SMTPException):
        server.close()
