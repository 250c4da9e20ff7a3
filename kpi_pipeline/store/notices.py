"""What people were told, what is still to be told, and what was seen last: kept, so that nothing is told twice."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from kpi_pipeline.names import TableRef
from kpi_pipeline.store.warehouse import Warehouse, quoted

_NOTICE = quoted(TableRef("state", "notice"))
_SEEN = quoted(TableRef("state", "seen"))


class Notice(NamedTuple):
    """One thing to tell one receiver; it is one and the same by everything but its words."""

    key: str
    event: str
    about: str
    period: str
    status: str
    receiver: str
    title: str
    body: str


class Seen(NamedTuple):
    """What was last looked at, of a KPI or a check: its period, as text that sorts by time, and how it stood."""

    period: str
    status: str


def seen(warehouse: Warehouse, event: str) -> dict[str, Seen]:
    """What was seen last, by what it is about."""
    rows = warehouse.rows(f"SELECT about, period, status FROM {_SEEN} WHERE event = ?", [event])
    return {str(about): Seen(str(period), str(status)) for about, period, status in rows}


def note_seen(warehouse: Warehouse, event: str, about: str, now: Seen) -> None:
    """Remembers what was seen; to be called in the transaction that notes what is told of it."""
    warehouse.run(f"DELETE FROM {_SEEN} WHERE event = ? AND about = ?", [event, about])
    warehouse.run(f"INSERT INTO {_SEEN} VALUES (?, ?, ?, ?)", [event, about, *now])


def renamed(warehouse: Warehouse, former: str, name: str, events: Collection[str]) -> None:
    """What was told and seen of a KPI under an earlier name was told and seen of the KPI."""
    for event in events:
        known = warehouse.rows(f"SELECT 1 FROM {_SEEN} WHERE event = ? AND about = ?", [event, name])
        if not known:
            warehouse.run(f"UPDATE {_SEEN} SET about = ? WHERE event = ? AND about = ?", [name, event, former])
        warehouse.run(f"UPDATE {_NOTICE} SET about = ? WHERE event = ? AND about = ?", [name, event, former])


def note_notice(warehouse: Warehouse, notice: Notice, at: datetime) -> bool:
    """Notes that something is to be told; False where it was noted before, whatever became of it."""
    same = [notice.event, notice.about, notice.period, notice.status, notice.receiver]
    if warehouse.rows(
        f"SELECT 1 FROM {_NOTICE} WHERE event = ? AND about = ? AND period = ? AND status = ? AND receiver = ?", same
    ):
        return False
    warehouse.run(
        f"INSERT INTO {_NOTICE} (key, event, about, period, status, receiver, title, body, noted_at, tries) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
        [*notice, at],
    )
    return True


def waiting(warehouse: Warehouse) -> list[tuple[Notice, int, datetime]]:
    """What is still to be told, the oldest first, how often it was tried, and since when it waits."""
    rows = warehouse.rows(
        "SELECT key, event, about, period, status, receiver, title, body, tries, noted_at "
        f"FROM {_NOTICE} WHERE told_at IS NULL AND given_up_at IS NULL ORDER BY noted_at, rowid"
    )
    return [(Notice(*texts), int(tries), noted_at) for *texts, tries, noted_at in rows]


def begin_try(warehouse: Warehouse, notice: Notice) -> None:
    """Notes that it is about to be told."""
    warehouse.run(f"UPDATE {_NOTICE} SET tries = tries + 1 WHERE key = ?", [notice.key])


def note_told(warehouse: Warehouse, notice: Notice, at: datetime) -> None:
    """Notes that it was told."""
    warehouse.run(f"UPDATE {_NOTICE} SET told_at = ?, problem = NULL WHERE key = ?", [at, notice.key])


def note_problem(warehouse: Warehouse, notice: Notice, problem: str, *, given_up_at: datetime | None) -> None:
    """Notes why it was not told, and whether it will not be tried any more."""
    warehouse.run(
        f"UPDATE {_NOTICE} SET problem = ?, given_up_at = ? WHERE key = ?", [problem, given_up_at, notice.key]
    )
