"""A file on a web server, known by its ETag or by the time it was last modified."""

from __future__ import annotations

import shutil
import urllib.request
from base64 import b64encode
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import cast
from urllib.error import HTTPError
from urllib.parse import unquote, urlsplit, urlunsplit

from kpi_pipeline.ingest.remote.nouns import UNSAID, Entry, settled
from kpi_pipeline.ingest.remote.trouble import OtherVersion
from kpi_pipeline.sources.file import shown
from kpi_pipeline.version import VERSION

PIECE = 1 << 20
ANSWER_SECONDS = 60.0


@dataclass(frozen=True)
class WebFile:
    """One address."""

    url: str

    def entries(self) -> list[Entry]:
        """The file as its server describes it; a server that only gives files says nothing, and is asked each time."""
        try:
            with _asked(self.url, "HEAD") as answer:
                return [_entry(self.url, answer)]
        except HTTPError as problem:
            if problem.code not in (403, 405, 501):
                raise
            # NOTE: an address signed for reading refuses every other question.
            return [Entry(shown(self.url), self.url, UNSAID, 0)]

    def fetch(self, entry: Entry, target: Path) -> None:
        try:
            with _asked(self.url, "GET") as answer, target.open("wb") as out:
                came = _entry(self.url, answer)
                if entry.size != UNSAID and (came.tag, came.modified_ns) != (
                    entry.tag,
                    entry.modified_ns,
                ):
                    raise OtherVersion(entry.name)
                shutil.copyfileobj(answer, out, PIECE)
        except HTTPException as problem:
            raise OSError(f"the connection broke off: {problem!r}") from problem
        if came.size not in (UNSAID, target.stat().st_size):
            raise OSError(f"incomplete: {target.stat().st_size} of {came.size} bytes came")


def _asked(url: str, method: str) -> HTTPResponse:
    bare, header = _without_user(url)
    request = urllib.request.Request(bare, method=method, headers={"User-Agent": f"kpi_pipeline/{VERSION}", **header})  # noqa: S310 (the connector allows http and https only)
    try:
        return cast("HTTPResponse", urllib.request.urlopen(request, timeout=ANSWER_SECONDS))  # noqa: S310 (see above)
    except HTTPError as problem:
        problem.close()
        raise
    except HTTPException as problem:
        raise OSError(f"the connection broke off: {problem!r}") from problem


def _entry(url: str, answer: HTTPResponse) -> Entry:
    size = answer.headers.get("Content-Length")
    if answer.headers.get("Content-Encoding") not in (None, "identity"):
        size = None
    modified = answer.headers.get("Last-Modified")
    seconds = int(parsedate_to_datetime(modified).timestamp()) if modified else 0
    tag = answer.headers.get("ETag") or settled(seconds * 10**9)
    return Entry(shown(url), url, int(size) if size else UNSAID, seconds * 10**9, tag)


def _without_user(url: str) -> tuple[str, dict[str, str]]:
    """The address as a server is asked for it, and the name and password in it as a header."""
    parts = urlsplit(url)
    user, found, host = parts.netloc.rpartition("@")
    if not found:
        return url, {}
    return urlunsplit(parts._replace(netloc=host)), {
        "Authorization": f"Basic {b64encode(unquote(user).encode()).decode()}"
    }
