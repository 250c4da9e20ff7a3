"""Leaders that the data confirmed once and no longer does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kpi_pipeline.notify import Event
from kpi_pipeline.pipeline.whats_new import News, owned
from kpi_pipeline.project import Project
from kpi_pipeline.segments import TOTAL
from kpi_pipeline.store.notices import Seen
from kpi_pipeline.store.published import Published
from kpi_pipeline.verdict import Verdict


def faded_leaders(
    project: Project, published: Published, seen: dict[str, Seen]
) -> Iterator[tuple[str, Seen, News | None]]:
    """What to remember of each link, and what to tell where the data confirmed it when it was looked at last."""
    rows = published.fetch(
        "SELECT * FROM kpi_evidence WHERE segment = ? AND verdict IS NOT NULL ORDER BY kpi, leads_kpi", [TOTAL]
    ).to_dicts()
    for row in rows:
        if row["kpi"] not in project.kpis or row["leads_kpi"] not in project.kpis:
            continue
        name = about(row["kpi"], row["leads_kpi"])
        now = Seen(f"{row['tested_at']:%Y-%m-%dT%H:%M:%S}", row["verdict"])
        before = seen.get(name)
        if before and before.status == now.status:
            continue
        faded = before is not None and before.status == Verdict.CONFIRMED
        yield name, now, _faded(project, row, now) if faded else None


def about(leader: str, follower: str) -> str:
    """What a link is called where it is remembered how it stood."""
    return f"{leader} -> {follower}"


def _faded(project: Project, row: dict[str, Any], now: Seen) -> News:
    leader, follower = project.kpis[row["kpi"]], project.kpis[row["leads_kpi"]]
    return News(
        Event.leader_faded,
        leader.name,
        now.period,
        f"{follower.name} {now.status}",
        f"{leader.title} no longer surely leads {follower.title}",
        f"The data confirmed it before. Now: {row['reason']}\n"
        f"`kpi evidence {leader.name} {follower.name}` shows what was tested.\n{owned(project, leader)}",
        project.mail_of_owner(leader.name),
    )
