"""What can go wrong on the way to a store: what is tried again, and what is said in the end."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from typing import TypeVar

from kpi_pipeline.errors import DataError, Place, Problem
from kpi_pipeline.redaction import HIDDEN, without

T = TypeVar("T")

WAITS = {"http": (0.5, 2.0, 5.0)}
"""Seconds before the second, third and fourth try; the libraries of the object stores try again of themselves."""
ONCE_MORE = (1.0,)
SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID", "AZURE_STORAGE_KEY",
           "AZURE_STORAGE_SAS_TOKEN", "AZURE_CLIENT_SECRET")  # fmt: skip
"""Never shown, whatever a library says."""

Kind = tuple[str, str, tuple[str, ...]]
KINDS: tuple[Kind, ...] = (
    (
        "we are not let in",
        "{credentials}",
        ("access_denied", "access denied", "forbidden", "http status 403", "http status 401", "error 403", "error 401",
         "signature_does_not_match", "invalid_access_key", "invalid_client_token", "unrecognized_client",
         "authenticationfailed", "authorizationfailure", "permission_denied", "unauthenticated", "permission denied",
         "no credential", "credentials", "invalidauthenticationinfo", "server failed to authenticate"),
    ),
    (
        "there is no such bucket, container or file",
        "look for a slip in the path; an S3 bucket in another region needs `region`",
        ("no_such_bucket", "nosuchbucket", "no such bucket", "bucket does not exist", "containernotfound",
         "does not exist", "not found", "error 404", "error 410", "http status 404", "resource_not_found",
         "path does not exist", "bucketnotfound"),
    ),
    (
        "the bucket is in another region",
        "write its region as `region` of the connector, or set AWS_REGION",
        ("http status 301", "permanentredirect", "permanent_redirect", "authorizationheadermalformed"),
    ),
    (
        "it cannot be reached",
        "is the network there, and is `endpoint` (or the address) right? What was fetched is kept for the next run",
        ("network_connection", "could not connect", "couldn't connect", "connection", "timed out", "timeout", "resolve",
         "curl", "name or service not known", "unreachable", "error 5", "http status 5", "slow_down", "unavailable",
         "error 429", "http status 429", "incomplete"),
    ),
)  # fmt: skip
"""What a message means, the hint that helps, and the words (in small letters) it is known by; the first that fits."""
PASSING = "it cannot be reached"
CREDENTIALS = {
    "s3": "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or AWS_PROFILE), or `anonymous: true` for a public bucket",
    "gcs": "set GOOGLE_APPLICATION_CREDENTIALS to a key file, or `anonymous: true` for a public bucket",
    "azure": "set AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN, or AZURE_TENANT_ID, AZURE_CLIENT_ID and "
    "AZURE_CLIENT_SECRET",
    "http": "is the address still valid? A signed one ends some day",
}


class OtherVersion(OSError):
    """The file changed between being listed and being fetched."""


def tried(action: Callable[[], T], *, about: str, place: Place | None, kind: str) -> T:
    """Does something with a store, again after a while where the trouble may pass; what stays is said to the reader."""
    for wait in (*WAITS.get(kind, ONCE_MORE), None):
        try:
            return action()
        except FileNotFoundError as problem:
            raise _said(problem, about, place, kind) from problem
        except OSError as problem:
            if wait is None or isinstance(problem, OtherVersion) or _kind_of(problem)[0] != PASSING:
                raise _said(problem, about, place, kind) from problem
            time.sleep(wait)
    raise AssertionError


def without_secrets(text: str) -> str:
    """A library's words without keys and without what follows a question mark in an address, where tokens stand."""
    text = without(text, (secret for name in SECRETS if len(secret := os.environ.get(name, "")) > 3))
    text = re.sub(r"(https?://)[^/\s@]*@", rf"\1{HIDDEN}@", text)
    return re.sub(r"\?[^\s'\"]+", f"?{HIDDEN}", text)


def _said(problem: OSError, about: str, place: Place | None, kind: str) -> DataError:
    if isinstance(problem, OtherVersion):
        told = Problem(f"{about} changed while it was being fetched.", place, "run again once it is written.")
        return DataError(str(told))
    what, hint, _ = _kind_of(problem)
    words = without_secrets(" ".join(str(problem).split()))
    hint = hint.format(credentials=CREDENTIALS[kind])
    told = Problem(f"{about} cannot be read: {what}.", place, f"{hint}.\nWhat was said: {words[:400]}")
    return DataError(str(told))


def _kind_of(problem: OSError) -> Kind:
    if isinstance(problem, FileNotFoundError):
        return KINDS[1]
    words = str(problem).lower()
    unknown: Kind = ("the store answers with an error", "the words below are its own", ())
    return next((kind for kind in KINDS if any(word in words for word in kind[2])), unknown)
