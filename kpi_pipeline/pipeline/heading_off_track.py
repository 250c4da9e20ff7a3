"""KPIs whose period in progress is expected to end off track."""

from __future__ import annotations

from collections.abc import Iterator

from kpi_pipeline.kpis import Kpi, written
from kpi_pipeline.notify import Event
from kpi_pipeline.pipeline.whats_new import News, Row, latest_judged, owned, wished
from kpi_pipeline.project import Project
from kpi_pipeline.segments import TOTAL
from kpi_pipeline.status import JUDGED, Status
from kpi_pipeline.store.notices import Seen
from kpi_pipeline.store.published import Published


def heading_off_track(
    project: Project, published: Published, seen: dict[str, Seen]
) -> Iterator[tuple[str, Seen, News | None]]:
    """What to remember of each KPI, and what to tell where its period in progress turned to end off track.

    It turned where it was heading elsewhere when it was looked at last in this period; of a period not looked at yet,
    where the latest complete one is not off track. Of a KPI seen for the first time nothing is told.
    """
    over = {row["kpi"]: row for row in latest_judged(published)}
    ahead = {row["kpi"]: row for row in in_progress(published) if row["projected_status"] in JUDGED}
    for name in sorted(over.keys() | ahead.keys()):
        kpi = project.kpis.get(name)
        if kpi is None:
            continue
        row = ahead.get(name, over.get(name, {}))
        status = row["projected_status"] if name in ahead else row["status"]
        now = Seen(f"{row['period_start_utc']:%Y-%m-%dT%H:%M}", status)
        before = seen.get(name)
        if before and now.period < before.period:
            continue
        was = (
            over[name]["status"] if before and name in over and before.period < now.period else before and before.status
        )
        turned = name in ahead and status == Status.off_track and was not in (None, Status.off_track)
        yield name, now, _heading(project, kpi, row) if turned else None


def in_progress(published: Published) -> list[Row]:
    """The period in progress of each KPI: the first that is not complete."""
    return published.fetch(
        "SELECT kpi, period_start_utc, period_label, value, target, target_low, target_high, "
        "projected_value, projected_low, projected_high, projected_status "
        "FROM kpi_value WHERE NOT is_complete AND segment = ? "
        "QUALIFY row_number() OVER (PARTITION BY kpi ORDER BY period_start_utc) = 1",
        [TOTAL],
    ).to_dicts()


def _heading(project: Project, kpi: Kpi, row: Row) -> News:
    def told(value: float | None) -> str:
        beside = row["projected_value"]
        return written(value, project.metrics[kpi.metric].unit, project.settings.currency, beside=beside)

    between = f"in four of five cases between {told(row['projected_low'])} and {told(row['projected_high'])}"
    return News(
        Event.heading_off_track,
        kpi.name,
        row["period_label"],
        Status.off_track,
        f"{kpi.title} is heading off track",
        f"{row['period_label']} is expected to end at {told(row['projected_value'])}{wished(row, told)}, {between}. "
        f"So far it is {told(row['value'])}.\n{owned(project, kpi)}",
        project.mail_of_owner(kpi.name),
    )
