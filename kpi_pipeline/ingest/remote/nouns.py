"""A file in a store, and what every store can do."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kpi_pipeline.errors import Place

UNSAID = -1
"""The size of a file whose store does not say it."""

SETTLED = "settled"
"""The version of a file that is known by its size and time alone."""
SETTLES_NS = 60 * 10**9
"""Stores tell the time in seconds, and clocks differ: younger files may be written again without a sign of it."""


@dataclass(frozen=True)
class Entry:
    """A file as its store lists it."""

    name: str
    """Its address, without anything secret."""
    key: str
    """What the store is asked for."""
    size: int
    """In bytes, or UNSAID."""
    modified_ns: int
    tag: str = ""
    """What the store calls this version of the file; empty where size and time cannot be trusted to change with it."""


class Store(Protocol):
    """Where files are kept."""

    def entries(self) -> list[Entry]:
        """The files that the source's path matches."""
        ...

    def fetch(self, entry: Entry, target: Path) -> None:
        """Writes a file's content to a path of this machine; another version than the one listed is an OSError."""
        ...


@dataclass(frozen=True)
class RemoteFile:
    """A file to be fetched, and from where."""

    entry: Entry
    store: Store
    kind: str
    """What keeps it: s3, gcs, azure or http."""
    source: str
    place: Place | None
    """Where in the definitions the source's path is written."""


def settled(modified_ns: int) -> str:
    """The version of a file whose store gives none: known once the file is old enough that its time tells."""
    return SETTLED if 0 < modified_ns < time.time_ns() - SETTLES_NS else ""
