"""What there is to tell: statuses that changed, reviews overdue, runs and checks that failed, rows set aside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from kpi_pipeline.checks.naming import RESTATED
from kpi_pipeline.errors import counted
from kpi_pipeline.kpis import Kpi, written
from kpi_pipeline.notify import Event
from kpi_pipeline.project import Project
from kpi_pipeline.reviews import ReviewDue
from kpi_pipeline.segments import TOTAL
from kpi_pipeline.sources import Source
from kpi_pipeline.status import JUDGED, Status
from kpi_pipeline.store.notices import Seen
from kpi_pipeline.store.published import Published

Row = dict[str, Any]

FAILED = ("failed", "blocked", "killed", "running")
"""Runs to be told of. One that is still called running while nobody holds the warehouse was killed."""


@dataclass(frozen=True)
class News:
    """One thing to tell whoever wants to know; together with a receiver, `about`, `period` and `status` make it one."""

    event: Event
    about: str
    period: str
    status: str
    title: str
    body: str
    owner_mail: str | None = None


def status_changes(
    project: Project, published: Published, seen: dict[str, Seen]
) -> Iterator[tuple[str, Seen, News | None]]:
    """What to remember of each KPI, and what to tell where its latest complete period is judged otherwise than before.

    Of a KPI seen for the first time nothing is told. Several new periods are told of as one change.
    """
    for row in latest_judged(published):
        kpi = project.kpis.get(row["kpi"])
        if kpi is None:
            continue
        now = Seen(f"{row['period_start_utc']:%Y-%m-%dT%H:%M}", row["status"])
        before = seen.get(kpi.name)
        if before and now.period < before.period:
            continue
        changed = before is not None and before.status != now.status
        yield kpi.name, now, _status_change(project, kpi, row, before) if before and changed else None


def latest_judged(published: Published) -> list[Row]:
    """The latest complete period of each KPI that was judged, in total."""
    return published.fetch(
        "SELECT * FROM kpi_value WHERE is_complete AND segment = ? AND list_contains(?, status) "
        "QUALIFY row_number() OVER (PARTITION BY kpi ORDER BY period_start_utc DESC) = 1 ORDER BY kpi",
        [TOTAL, list(JUDGED)],
    ).to_dicts()


def _status_change(project: Project, kpi: Kpi, row: Row, before: Seen) -> News:
    unit, currency = project.metrics[kpi.metric].unit, project.settings.currency
    value = written(row["value"], unit, currency)
    against = wished(row, lambda one: written(one, unit, currency))
    was, now = Status(before.status).words, Status(row["status"]).words
    lines = [f"{row['period_label']}: {value}{against}. It was {was} before."]
    if row["status_rule"]:
        lines.append(f"Judged by: {row['status_rule']}.")
    return News(
        Event.status_change,
        kpi.name,
        row["period_label"],
        row["status"],
        f"{kpi.title} is {now}",
        "\n".join([*lines, owned(project, kpi)]),
        project.mail_of_owner(kpi.name),
    )


def wished(row: Row, write: Callable[[float], str]) -> str:
    """What a value is held against: its target or the ends of its band, as they follow the value; nothing without."""
    if row["target"] is not None:
        return f" against {write(row['target'])}"
    if row["target_low"] is not None and row["target_high"] is not None:
        return f" against a target between {write(row['target_low'])} and {write(row['target_high'])}"
    return ""


def review_overdue(project: Project, review: ReviewDue, remind_every: int | None) -> News:
    """An overdue review as news: once a due day, and again as often as the receiver wants to be reminded."""
    kpi = project.kpis[review.kpi]
    reminder = review.days_overdue // remind_every if remind_every else 0
    late = counted(review.days_overdue, "day")
    return News(
        Event.review_overdue,
        kpi.name,
        str(review.due),
        str(reminder),
        f"{kpi.title} was to be reviewed by {review.due}",
        f"That was {late} ago. It was looked at last on {review.last}, and is to be every {review.every}.\n"
        f"`kpi review {kpi.name}` writes down what is decided.\n{owned(project, kpi)}",
        project.mail_of_owner(kpi.name),
    )


def failed_run(project: Project, runs: list[Row]) -> News | None:
    """The latest run where it failed, as one piece of news a day; runs come the newest first."""
    ended = [one for one in runs if one["status"] != "stopped"]
    if not ended or ended[0]["status"] not in FAILED:
        return None
    run = ended[0]
    began = run["started_at"].astimezone(ZoneInfo(project.settings.timezone))
    how = {"blocked": "was blocked by a failed check", "failed": "failed"}.get(run["status"], "was killed")
    left = (
        "What does not depend on the failed check was published."
        if run["status"] == "blocked"
        else "Readers see what was published before."
    )
    return News(
        Event.run_failed,
        project.settings.name,
        f"{began:%Y-%m-%d}",
        "failed",
        f"The run of {project.settings.title} {how}",
        f"Run {run['run_id']} began on {began:%Y-%m-%d at %H:%M}. {left}",
    )


def failing_checks(published: Published, seen: dict[str, Seen]) -> Iterator[tuple[str, Seen, News | None]]:
    """What to remember of each check, and what to tell of those that fail and did not when they were seen last."""
    query = "SELECT * FROM check_result WHERE check_name <> ? ORDER BY asset, check_name"
    rows = published.fetch(query, [RESTATED]).to_dicts()
    for row in rows:
        name = f"{row['asset']}: {row['check_name']}"
        now = Seen(f"{row['checked_at']:%Y-%m-%dT%H:%M:%S}", "passed" if row["passed"] else "failed")
        before = seen.get(name)
        if before and before.status == now.status:
            continue
        yield name, now, None if row["passed"] else _failing(row, name, now)


def _failing(row: Row, name: str, now: Seen) -> News:
    blocks = " What depends on it is not published." if row["severity"] == "error" else ""
    return News(
        Event.check_failed,
        name,
        now.period,
        now.status,
        f"{row['asset']} fails the check '{row['check_name']}'",
        f"Expected: {row['expected']}. Found: {row['observed']}.{blocks}",
    )


def restated(project: Project, published: Published, seen: dict[str, Seen]) -> Iterator[tuple[str, Seen, News | None]]:
    """What to remember of each KPI, and what to tell where complete periods moved by more than is taken for granted.

    Of a KPI seen for the first time nothing is told.
    """
    rows = published.fetch("SELECT * FROM check_result WHERE check_name = ? ORDER BY asset", [RESTATED]).to_dicts()
    for row in rows:
        kpi = project.kpis.get(row["asset"].removeprefix("kpi/"))
        if kpi is None:
            continue
        now = Seen(f"{row['checked_at']:%Y-%m-%dT%H:%M:%S.%f}", "stood" if row["passed"] else "restated")
        before = seen.get(kpi.name)
        if before and now.period <= before.period:
            continue
        news = News(
            Event.restated,
            kpi.name,
            now.period,
            now.status,
            f"{kpi.title} was restated",
            f"Expected: {row['expected']}. Found: {row['observed']}.\n"
            f"`kpi history {kpi.name}` shows what was said before.\n{owned(project, kpi)}",
            project.mail_of_owner(kpi.name),
        )
        yield kpi.name, now, news if before and not row["passed"] else None


def quarantine_grew(
    project: Project, published: Published, seen: dict[str, Seen]
) -> Iterator[tuple[str, Seen, News | None]]:
    """What to remember of each source, and what to tell where more of its rows wait in quarantine than before.

    Of a source seen for the first time nothing is told.
    """
    query = "SELECT * FROM source_status WHERE rows_quarantined IS NOT NULL ORDER BY source"
    for row in published.fetch(query).to_dicts():
        source = project.sources.get(row["source"])
        if source is None:
            continue
        name = f"raw/{source.name}"
        now = Seen(f"{row['loaded_at']:%Y-%m-%dT%H:%M:%S.%f}", str(row["rows_quarantined"]))
        before = seen.get(name)
        if before and (now.period < before.period or now == before):
            continue
        more = row["rows_quarantined"] - int(before.status) if before else 0
        yield name, now, _grown(source, now, more, row) if more > 0 else None


def _grown(source: Source, now: Seen, more: int, row: Row) -> News:
    return News(
        Event.quarantine_grew,
        f"raw/{source.name}",
        now.period,
        now.status,
        f"{counted(more, 'more row')} of {source.title} did not fit",
        f"In quarantine now: {counted(row['rows_quarantined'], 'row')}; loaded: {row['row_count']:,}.\n"
        f"`kpi quarantine explain {source.name}` says which rules they break and what to do.",
    )


def owned(project: Project, kpi: Kpi) -> str:
    """Who answers for it, as a line of a message."""
    return f"Owner: {project.people[kpi.owner].title}" if kpi.owner else "Nobody owns it."
