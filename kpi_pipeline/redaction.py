"""Secrets are never told: the last net below every message that leaves the program.

What connects to databases and channels hides its own secrets where it speaks of them. This is for what nobody foresaw:
the text of a library's exception, or a traceback.
"""

from __future__ import annotations

import base64
import os
import re
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import quote, quote_plus, unquote, urlsplit

from kpi_pipeline.errors import InternalError, KpiError

HIDDEN = "•••"
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""All control characters but the tab and the end of a line."""
SHORTEST = 6
"""A shorter value says too little to be looked for: it stands in too many words."""
TOKEN_LIKE = 16
"""So long a path behind a host is the secret of a webhook; a shorter one is the name of a page."""
SECRET_NAME = re.compile(
    r"(^|_)(passwords?|passwd|pwd|secrets?|tokens?|keys?|apikey|credentials?|hooks?|webhook|urls?|uri|remote|dsn|auth|mail|conn"
    r"|connection|connection_string|sas)(_|$)",
    re.IGNORECASE,
)
"""What variables that hold secrets are called."""


NO_SECRET = frozenset({"PWD", "OLDPWD", "MAIL", "SSH_AUTH_SOCK"})
"""What Unix calls the working folder, the one before it, and two paths."""


def secrets_of(environment: Mapping[str, str]) -> frozenset[str]:
    """The values of variables whose names say that they are secret.

    >>> secrets_of({"ERP_PASSWORD": "correct horse", "LANG": "en_GB.UTF-8"})
    frozenset({'correct horse'})
    """
    return frozenset(
        value
        for name, value in environment.items()
        if SECRET_NAME.search(name) and name not in NO_SECRET and len(value) >= SHORTEST
    )


def redacted(text: str, secrets: Iterable[str] | None = None) -> str:
    """The text without the secrets, however they are written; by default those of the environment.

    >>> redacted("cannot reach https://x.org/t0p+s3cret as p%40ss:word", ["t0p s3cret", "postgres://eve:p%40ss:word@db/x"])
    'cannot reach https://x.org/••• as •••'
    """
    known = secrets_of(os.environ) if secrets is None else secrets
    return without(text, (form for one in known for form in _forms(one)))


def without(text: str, words: Iterable[str]) -> str:
    """The text with a sign in the place of these words as they stand; of two of which one holds the other, the longer.

    >>> without("s3cret and s3cret-too", ["s3cret", "s3cret-too", ""])
    '••• and •••'
    """
    for word in sorted({one for one in words if one}, key=lambda one: (-len(one), one)):
        text = text.replace(word, HIDDEN)
    return text


@contextmanager
def telling_no_secret() -> Iterator[None]:
    """An exception that leaves the block tells no secret, nor does anything that it came from.

    Where a secret stands in one, a new exception without it, and without what it came from, goes on in its place.
    """
    try:
        yield
    except Exception as problem:
        told = "".join(traceback.format_exception(problem))
        if redacted(told) == told:
            raise
        raise _without_secrets(problem) from None


def harmless(text: str) -> str:
    r"""The text without signs that a terminal obeys: data could rename its window, hide lines or move the cursor.

    >>> harmless("a\x1b[2Jb\tc")
    'a�[2Jb\tc'
    """
    return CONTROL.sub("�", text)


def _without_secrets(problem: Exception) -> Exception:
    text = redacted(str(problem))
    if not isinstance(problem, KpiError):
        return InternalError(f"{type(problem).__name__}: {text}")
    told = type(problem).__new__(type(problem))
    told.args = (text,)
    return told


def _forms(secret: str) -> Iterator[str]:
    """A secret and its parts as they may be written: in an address, in a text in quotes, in a header."""
    for part in {secret, *_parts(secret)}:
        if len(part) < SHORTEST:
            continue
        yield from (part, quote(part), quote(part, safe=""), quote_plus(part), unquote(part), repr(part)[1:-1])
        yield base64.b64encode(part.encode()).decode().rstrip("=")


def _parts(secret: str) -> Iterator[str]:
    """What is secret in an address: the password, tokens among the parameters, what follows a webhook's host."""
    yield from (line for line in secret.splitlines() if len(line.strip()) >= SHORTEST)
    if "://" not in secret:
        return
    try:
        address = urlsplit(secret)
    except ValueError:
        return
    if address.password:
        yield address.password
        yield f"{address.username}:{address.password}"
    if len(address.path) >= TOKEN_LIKE and address.scheme in ("http", "https"):
        yield address.path
    # NOTE: Spark Connect writes its options behind the path: sc://host:443/;use_ssl=true;token=...
    for parameter in (*address.query.split("&"), *address.path.split(";")):
        name, _, value = parameter.partition("=")
        if SECRET_NAME.search(name):
            yield value
