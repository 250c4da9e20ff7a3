"""What a database says when it does not give its rows, told without its secrets, and whether to try again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal
from urllib.parse import unquote, urlsplit

from kpi_pipeline.errors import KpiError
from kpi_pipeline.redaction import without
from kpi_pipeline.sources.database import DatabaseConnector

Reason = Literal["password", "host", "unknown", "gone", "other"]
GONE = (
    "connection refused", "server closed the connection", "terminating connection", "starting up", "shutting down",
    "timeout", "timed out", "temporary failure", "connection reset", "broken pipe", "too many clients",
    "too many connections", "not yet accepting", "pqgetcopydata", "no connection to the server", "database is locked",
    "ssl connection has been closed", "could not receive data", "could not send data",
)  # fmt: skip
"""Words of errors that may be over in a moment."""
GONE_STATES = ("08", "53", "57P", "40")
"""SQLSTATE classes of the same."""
UNKNOWN_STATES = ("42", "3F")


class Unread(Exception):
    """A database did not give its rows; `args[0]` is what it said, without secrets."""

    def __init__(self, reason: Reason, said: str) -> None:
        super().__init__(said)
        self.reason = reason
        self.said = said


@contextmanager
def what_it_said(connector: DatabaseConnector) -> Iterator[None]:
    """Whatever a driver raises becomes Unread; drivers raise what they like, some of it plain OSError."""
    try:
        yield
    except (KpiError, Unread, GeneratorExit, KeyboardInterrupt):
        raise
    except Exception as problem:  # noqa: BLE001 (drivers raise what they like)
        said = without_secrets(connector, str(problem) or type(problem).__name__)
        raise Unread(_reason(problem, said), _shortened(said)) from None


def without_secrets(connector: DatabaseConnector, text: str) -> str:
    """The text without what says how to connect, nor any part of it that is secret.

    >>> erp = DatabaseConnector(type="database", driver="postgresql", uri="postgresql://kpi:s3cret@erp/x", table="t")
    >>> without_secrets(erp, "FATAL: s3cret is wrong for kpi")
    'FATAL: ••• is wrong for kpi'
    """
    hidden = {value.get_secret_value() for value in connector.options.values()}
    if connector.uri and connector.driver != "sqlite":
        uri = connector.uri.get_secret_value()
        hidden |= {uri, *_passwords(uri)}
    return without(text, hidden)


def _passwords(uri: str) -> Iterator[str]:
    """The password in an address, as it is written and as it is meant; every word of one that cannot be read."""
    try:
        parts = urlsplit(uri)
        password, _ = parts.password, parts.port
    except ValueError:
        yield from re.findall(r"\w{3,}", uri)
        return
    found = [password] if password else []
    found += re.findall(r"(?i)(?:password|token|secret)=([^&\s]+)", uri)
    found += re.findall(r"//[^:/@]*:([^@]+)@", uri) + re.findall(r"^[^:/@]*:([^@]+)@", uri)
    for one in found:
        yield one
        yield unquote(one)


def _reason(problem: Exception, said: str) -> Reason:
    state = str(getattr(problem, "sqlstate", None) or "")
    low = said.lower()
    if state.startswith(GONE_STATES) or any(words in low for words in GONE):
        return "gone"
    if state.startswith("28") or "authentication failed" in low or "no password supplied" in low:
        return "password"
    if "could not translate host name" in low or "name or service not known" in low or "no such host" in low:
        return "host"
    if state.startswith(UNKNOWN_STATES) or "no such table" in low or "no such column" in low:
        return "unknown"
    return "other"


def _shortened(said: str) -> str:
    """The first line that says something, without the words of the driver around it."""
    for line in said.splitlines():
        bare = re.sub(r"^(?:[A-Z_]+: )?(?:\[\w+\] )?(?:Failed to \w+(?: \w+)?: )?", "", line)
        bare = re.sub(r"^.*?(?:ERROR|FATAL):\s+", "", bare).strip()
        if bare:
            return bare.rstrip(".")
    return said.strip()
