"""What is told, in words that fit any channel."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Event(StrEnum):
    """What somebody may want to be told."""

    status_change = "status_change"
    review_overdue = "review_overdue"
    run_failed = "run_failed"
    check_failed = "check_failed"
    heading_off_track = "heading_off_track"
    leader_faded = "leader_faded"
    restated = "restated"
    quarantine_grew = "quarantine_grew"


@dataclass(frozen=True)
class Message:
    """One thing to tell: its title is a sentence that can stand alone.

    `key` is the same whenever the same thing is told to the same receiver, so that a channel that is told twice after a
    crash can notice.
    """

    key: str
    event: Event
    title: str
    body: str
    about: str
    """The KPI, the run, the check or the source it is about."""
    project: str


class Undelivered(Exception):
    """A message that did not reach its receiver; the text names no address and no secret.

    `for_good` says that trying again as it is will not help, such as an address that is not known there; `for_all`
    that no other message would get through this channel now either, such as a password that is wrong. A channel that
    may do better in a moment is silent for all until then.
    """

    def __init__(self, reason: str, *, for_good: bool = False, for_all: bool = False) -> None:
        super().__init__(reason)
        self.for_good = for_good
        self.for_all = for_all or not for_good
